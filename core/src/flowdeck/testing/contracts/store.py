"""What every store must do."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from flowdeck.specs import Retention, Store, StoreSpec, resolve
from flowdeck.streams import Batch, Rows, StreamKey, StreamRequest
from flowdeck.testing.context import FakeStoreContext
from flowdeck.testing.contracts.base import Contract
from flowdeck.testing.samples import SAMPLE_INSTRUMENT

__all__ = ["StoreContract"]


class StoreContract(Contract):
    """What is flushed is there after a restart, in either order, run by run, and says what it covers."""

    def test_what_was_flushed_is_read_back_after_a_restart(self, store_spec: StoreSpec, tmp_path: Path) -> None:
        for kind in store_spec.requires:
            key, rows = self._fill(self._store(store_spec, tmp_path / kind), kind)
            again = self._store(store_spec, tmp_path / kind)
            np.testing.assert_array_equal(_read(again, StreamRequest(key, live=False)), rows)

    def test_newest_first_is_the_same_rows_in_newer_batches_first(self, store_spec: StoreSpec, tmp_path: Path) -> None:
        for kind in store_spec.requires:
            store = self._store(store_spec, tmp_path / kind)
            key, _ = self._fill(store, kind)
            batches = list(store.read(StreamRequest(key, live=False, order="newest")))
            assert all(batch.covered is not None for batch in batches)
            starts = [batch.covered[0] for batch in batches if batch.covered]
            assert starts == sorted(starts, reverse=True)
            forward = _read(store, StreamRequest(key, live=False))
            np.testing.assert_array_equal(np.concatenate([batch.rows for batch in reversed(batches)]), forward)

    def test_an_interval_is_half_open(self, store_spec: StoreSpec, tmp_path: Path) -> None:
        for kind in store_spec.requires:
            store, time = self._store(store_spec, tmp_path / kind), self.kinds()[kind].time
            key, rows = self._fill(store, kind)
            start, stop = int(rows[time][len(rows) // 3]), int(rows[time][2 * len(rows) // 3])
            found = _read(store, StreamRequest(key, start, stop, live=False))
            np.testing.assert_array_equal(found, rows[(rows[time] >= start) & (rows[time] < stop)])

    def test_a_flush_says_what_it_covers(self, store_spec: StoreSpec, tmp_path: Path) -> None:
        for kind in store_spec.requires:
            store, time = self._store(store_spec, tmp_path / kind), self.kinds()[kind].time
            key, rows = self._append(store, kind)
            intervals = store.flush().intervals[key]
            assert any(start <= rows[time].min() and rows[time].max() < stop for start, stop in intervals)

    def test_deleting_a_run_deletes_its_rows_alone(self, store_spec: StoreSpec, tmp_path: Path) -> None:
        for kind in store_spec.requires:
            store = self._store(store_spec, tmp_path / kind)
            live, rows = self._fill(store, kind)
            session, _ = self._fill(store, kind, run="run-1")
            assert session != live
            store.delete_run("run-1")
            assert not len(_read(store, StreamRequest(session, live=False)))
            assert len(_read(store, StreamRequest(live, live=False))) == len(rows)

    def test_pruning_keeps_the_newest_and_usage_tells(self, store_spec: StoreSpec, tmp_path: Path) -> None:
        for kind in store_spec.requires:
            store = self._store(store_spec, tmp_path / kind)
            self._fill(store, kind)
            before = store.usage()
            assert before.rows > 0
            after = store.prune(Retention(size_bytes=1))
            assert (after.newest, after.rows <= before.rows) == (before.newest, True)

    def _store(self, spec: StoreSpec, folder: Path) -> Store:
        folder.mkdir(exist_ok=True)
        store: Store = resolve(spec.factory)(FakeStoreContext(folder, self.settings()))
        return store

    def _append(self, store: Store, kind: str, run: str | None = None) -> tuple[StreamKey, Rows]:
        params = {"timeframe": "1m"} if kind in {"bars", "footprint"} else {}
        key = StreamKey.of(kind, SAMPLE_INSTRUMENT.id, run=run, **params)
        batches = self.samples(key)
        for seq, batch in enumerate(batches, 1):
            store.append(Batch(key, batch.rows, seq=seq, recv_ts=batch.recv_ts))
        return key, np.concatenate([batch.rows for batch in batches])

    def _fill(self, store: Store, kind: str, run: str | None = None) -> tuple[StreamKey, Rows]:
        key, rows = self._append(store, kind, run)
        store.flush()
        return key, rows


def _read(store: Store, request: StreamRequest) -> Rows:
    batches = list(store.read(request))
    return np.concatenate([batch.rows for batch in batches]) if batches else np.empty(0, [("ts", "i8")])
