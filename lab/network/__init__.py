"""The laboratory's network: real namespaces, real packets, and faults that can be put in and taken out.

`network.Network` builds it, `fabric.Fabric` keeps its routes like the emulated AWS, `measure` sends packets through it
and `record` says what became of them.
"""
