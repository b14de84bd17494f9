from __future__ import annotations

import asyncio
from functools import partial
from itertools import count

from flowdeck.desktop.mailbox import Mailbox


def test_letters_are_done_in_the_order_in_which_they_were_put() -> None:
    done: list[int] = []
    mailbox = Mailbox(lambda: None)
    for number in range(3):
        mailbox.put(partial(done.append, number))
    assert mailbox.drain()
    assert done == [0, 1, 2]


def test_a_frame_spends_no_more_than_its_budget_on_letters() -> None:
    milliseconds = count()  # every look at the clock finds a millisecond gone
    done: list[int] = []
    mailbox = Mailbox(lambda: None, clock=lambda: next(milliseconds) / 1000)
    for number in range(10):
        mailbox.put(partial(done.append, number))
    assert not mailbox.drain(0.003)
    assert done == [0, 1, 2]
    assert len(mailbox) == 7


def test_one_letter_is_done_even_without_a_budget() -> None:
    done: list[int] = []
    mailbox = Mailbox(lambda: None)
    mailbox.put(lambda: done.append(1))
    mailbox.put(lambda: done.append(2))
    assert not mailbox.drain(0)
    assert done == [1]


def test_it_wakes_once_until_it_is_empty_again() -> None:
    woken: list[bool] = []
    mailbox = Mailbox(lambda: woken.append(True))
    mailbox.put(lambda: None)
    mailbox.put(lambda: None)
    assert len(woken) == 1
    mailbox.drain()
    mailbox.put(lambda: None)
    assert len(woken) == 2


async def test_a_reader_waits_while_too_many_rows_lie_unread() -> None:
    mailbox = Mailbox(lambda: None, limit_rows=100)
    mailbox.put(lambda: None, rows=100)
    waiting = asyncio.create_task(mailbox.room())
    await asyncio.sleep(0)
    assert not waiting.done()
    mailbox.drain()
    await asyncio.wait_for(waiting, 5)


async def test_there_is_room_below_the_limit() -> None:
    mailbox = Mailbox(lambda: None, limit_rows=100)
    mailbox.put(lambda: None, rows=99)
    await asyncio.wait_for(mailbox.room(), 5)
