"""The public classes of imageZMQ 1.2 on framebus; programs import them as `from framebus import imagezmq`.

sender         ImageSender: what a program holds
request_reply  the sender that waits for replies     desk     the hub that gives them (REQ/REP)
casting        the sender that never waits           feeding  the hub that listens in (PUB/SUB)
hub            ImageHub: what a program holds
place          finds out what kind of hub is at an address: `words` speaks imageZMQ to an unmodified one,
               `native` goes through a link, and shared memory, to one of ours
"""
