"""Figures with what is behind them: reports, scorecards, ledgers, whose turn it is, branches compared."""
