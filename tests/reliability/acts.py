"""Real acts over HTTP by several browsers at once, and who must be told of each."""

from concurrent.futures import ThreadPoolExecutor

from tests.factories import photos_of
from tests.reliability.people import Person, acceptance, registration, rejection, submission
from tests.reliability.processes import wait_until

AT_A_TIME = 4  # browsers at work in parallel
OF_A_STORY = 5  # acts


class Acts:
    """Stories of five acts over HTTP, by several browsers in parallel; who must be told of each is noted."""

    def __init__(self, url: str, cast):
        self.url, self.cast = url, cast
        self.answers, self.must_be_told = [], set()
        self.windows = [
            {name: Person(url, getattr(cast, name)) for name in ("county", "county2", "manager")}
            for _ in range(AT_A_TIME)
        ]

    def play(self, stories: int, during=lambda so_far: None) -> None:
        """One phase of so many hazards; `during(acts answered before)` happens in its middle."""
        cast, before = self.cast, len(self.answers)
        photos = [
            (photos_of(cast.county), photos_of(cast.manager), photos_of(cast.manager)) for _ in range(stories)
        ]
        with ThreadPoolExecutor(AT_A_TIME) as pool:
            lines = [
                pool.submit(lambda n=n: [self._story(self.windows[n], p) for p in photos[n::AT_A_TIME]])
                for n in range(AT_A_TIME)
            ]
            during(before)
            for line in lines:
                line.result()

    def reached(self, count: int) -> None:
        assert wait_until(lambda: len(self.answers) >= count, 60)

    def _story(self, window, photos) -> None:
        county, county2, manager = window["county"], window["county2"], window["manager"]
        first = self._act(county, f"/hazards/new/{self.cast.home.pk}/", registration(photos[0]))
        at = first.location
        self._act(manager, f"{at}submit/", submission(2, photos[1], "清理了一半"))
        self._act(county2, f"{at}reject/", rejection(3))
        self._act(manager, f"{at}submit/", submission(4, photos[2], "全部清理"))
        self._act(county2, f"{at}accept/", acceptance(5))
        c, key = self.cast, f"hazard:{at.strip('/').split('/')[1]}"
        home, officials = {c.manager, c.safety}, {c.county, c.county2}
        for seq, told in (
            (2, home),
            (3, officials),
            (4, home),
            (5, officials),
            (6, home | {c.city, c.city2}),
        ):
            self.must_be_told |= {(actor.user.pk, f"{key}:{seq}") for actor in told}

    def _act(self, person, path, fields):
        answer = person.post(path, fields)
        self.answers.append(answer)
        assert answer.status == 302, answer
        return answer

    def close(self) -> None:
        for window in self.windows:
            for person in window.values():
                person.close()
