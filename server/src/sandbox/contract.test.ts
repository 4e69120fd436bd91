/** One after the other: the suite counts processes of the whole host by their arguments. */
import './contract-of-process.ts'
import './contract-of-oci.ts'
