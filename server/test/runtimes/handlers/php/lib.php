<?php

const FROM_LIB = 'from lib';
