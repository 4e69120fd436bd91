package no_such_file;

/** Compiled with the others and then deleted. */
public class Absent {}
