"""The simulated Congress: a relay, the offices behind it, their answers and their clock, in one local process.

Everything it makes says "simulation". It binds to loopback only, and no production configuration starts with it.
"""
