"""Hashes passwords in threads, while the actor and all others go on."""

from gevent import monkey

monkey.patch_all()  # before any other import

import hashlib

import gevent
from attrs import frozen

from rnd_actors import Actor, ActorSystem, ChildSpec, Request, gather
from rnd_actors.actors import Deferred


@frozen
class Hash(Request[str]):
    password: str


@frozen
class HowMany(Request[int]):
    pass


class Hasher(Actor[Hash | HowMany]):
    """Has each hash computed in a thread, and answers with it when it is there."""

    def __init__(self) -> None:
        self.begun = 0

    def receive(self, message: Hash | HowMany) -> None:
        match message:
            case Hash(password):
                self.begun += 1
                self.background(self.hash, self.defer(message), password)
            case HowMany():
                self.reply(message, self.begun)

    def hash(self, answer: Deferred[str], password: str) -> None:
        try:
            answer.reply(gevent.get_hub().threadpool.apply(scrypt, (password,)))
        except ValueError as error:
            answer.reply_error(error)


def scrypt(password: str) -> str:
    """Compute a hash, which takes a tenth of a second of a processor; runs in a thread."""
    if not password:
        raise ValueError("an empty password")
    return hashlib.scrypt(password.encode(), salt=b"of the user", n=2**14, r=8, p=1).hex()[:16]


def main() -> None:
    with ActorSystem() as system:
        hasher = system.start(ChildSpec("hasher", Hasher))
        hashes = [hasher.ask_future(Hash(password)) for password in ("one", "two", "three")]
        print("begun:", hasher.ask(HowMany()), "ready:", sum(each.is_ready for each in hashes))
        print(*gather(hashes))
        try:
            hasher.ask(Hash(""))
        except ValueError as error:
            print(error)


if __name__ == "__main__":
    main()
