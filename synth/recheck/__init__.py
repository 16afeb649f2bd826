"""Check whole rows, from the words of the question to the certificates: what `recheck.pyz` runs beside the kernel.

Only the standard library and `synth_kernel` are imported here, so that it runs where nothing is installed.
"""
