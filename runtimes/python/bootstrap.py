"""What a sandbox of a Python function runs: connects to the node by SLUICE_CHANNEL and serves one instance."""
import sys

from _sluice.instance import Instance

# The folder of the runtime must not answer imports of the function.
del sys.path[0]
Instance().run()
