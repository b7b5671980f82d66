"""`make chaos`: the reminder pipeline under everything that can go wrong at once, by the mail server's own log."""
