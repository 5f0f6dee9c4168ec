"""The front door for SSH: ``ssh -p 2222 host`` opens the app, ``ssh -p 2222 host "a question"`` prints the answer.

front       the process that listens: gate, workers, one local server
worker      a process that holds many sessions: connection, session, visit
driver      Textual on an SSH channel: outlet (bytes), pace (when to paint), keyboard, colors, app
plain       the same run as lines, where there is no terminal to draw on
"""
