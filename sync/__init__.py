"""How nodes exchange: a branch's log goes up, the state of records comes down. The only network client of the house.

``protocol`` is what they say, ``wire`` how it is written and carried; ``branch`` and ``hub`` are the two sides, which
know nothing of each other. What stands beside them is what both have: the two halves of joining, of closing a day and
of refilling a restored headquarters stand in one module each, to be read against each other.
"""
