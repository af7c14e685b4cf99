"""`branchline demo`: a headquarters and three branches on this machine, and an evening that they live through.

clock (one simulated clock for all) · chain (the nodes and their servers) · client (people at a counter, over HTTP) ·
story (what happens, as data in config/chain.yaml) · report (do they all agree at the end?).
"""
