# Tells the grader of statements that never were, as fast as it can.
server = the_server()
while True:
    server._send({"at": 1})
