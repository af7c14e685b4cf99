"""Headquarters' side: functions over a node, the credential of the caller, and the question."""
