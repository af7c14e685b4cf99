"""What runs beside the requests: timers, the chores of headquarters, the way up, scenarios played on demand."""
