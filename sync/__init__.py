"""How nodes exchange: a branch's log goes up, the state of records comes down. The only network client of the house.

``round`` is the whole exchange, ``worker`` runs it in a thread, ``server`` is headquarters' side of it.
"""
