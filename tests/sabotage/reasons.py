"""Faults in what people read of a score: sentences that contradict, parts that do not add up, quotations of chance."""

from typing import Final

from tests.sabotage.mutant import Mutant, sabotage

MUTANTS: Final[list[Mutant]] = [
    *sabotage(
        "features/spec.py",
        ("tests/features/test_sides.py",),
        ("self.say(e, value) if self.side(e, value).agrees(weight) else None", "self.say(e, value)", "any sign"),
        ("if not part(e):", "if False:", "no praise for none of many"),
        ("Side.COUNTERFEIT if value > prior(e.priors) else Side.NONE", "Side.COUNTERFEIT", "one of many accuses"),
        (
            "clearing: Final = _rule(lambda value: Side.GENUINE",
            "clearing: Final = _rule(lambda value: Side.EITHER",
            "photographs accuse",
        ),
    ),
    *sabotage(
        "models/explanations.py",
        ("tests/models/test_explanations.py",),
        ("if weight and not math.isnan(value):", "if weight:", "words for missing values"),
        ("if one.weight * weight > 0", "", "the words of the other side"),
        ("one.concludes, abs(one.weight)", "abs(one.weight)", "describing words first"),
        ("if quoted and split.text >= _SMALLEST:", "if quoted:", "quotations for genuine goods"),
        ("reasons.append(remainder(BASE, split.base))", "", "no base"),
        (
            "remainder(OTHER, split.value - sum(reason.weight for reason in reasons))",
            "remainder(OTHER, 0.0)",
            "parts that do not add up",
        ),
    ),
    *sabotage(
        "models/evidence.py",
        ("tests/models/test_evidence.py",),
        ("_FAR_BELOW: Final = math.log(0.35)", "_FAR_BELOW: Final = math.log(0.03)", "a price at 4 % untold"),
        ('{"text_contact": 0.0} if Kind.CONTACT in strong else {}', "{}", "messengers untold"),
        (
            "dict.fromkeys((_INDICATORS, *_OBFUSCATED), 0.0)",
            "dict.fromkeys((_INDICATORS,), 0.0)",
            "hidden names untold",
        ),
        ("dict.fromkeys((*_CONTACT, *_COPIES), 0.0)", "dict.fromkeys(_CONTACT, 0.0)", "copies untold"),
        ("dict.fromkeys(_MISSPELT, 0.5)", "dict.fromkeys(_MISSPELT, 0.4)", "other words as misspelt names"),
    ),
    *sabotage(
        "models/phrases.py",
        ("tests/models/test_phrases.py", "tests/models/test_bundle.py"),
        ('if not any(own.hold(word) for word in phrase.split(" ")):', "if True:", "brands quoted"),
        ("if deciding is not None and deciding.quoted:", "if deciding is not None:", "phrases without lift quoted"),
        ("if listings < SUPPORT or", "if", "too few listings in a bundle"),
        ("if quoted and not has_lift(", "if False and not has_lift(", "no lift in a bundle"),
        ("if sum(map(len, entries.values())) > MOST_ENTRIES:", "if False:", "no limit of a bundle"),
        ('if found["segmenter"] != SEGMENTER:', "if False:", "counts of other words"),
        ("return same or not", "return not", "listings counted twice"),
        ("same or not set(self.spoken.words).isdisjoint(other.spoken.words)", "same", "words quoted twice"),
        ("(probability < 1 - LEVEL)", "(k * np.asarray(all_listings) >= LIFT * of * n)", "lift without a bound"),
        ("return words_of(listing.title, names)", "return words_of(listing.title)", "parts of names"),
    ),
    *sabotage(
        "models/own_words.py",
        ("tests/models/test_own_words.py",),
        ("word in self.parts or", "", "a part of a name"),
        ("or word[-1] in self.unspaced", "", "compounds in Chinese"),
        ("or not self.unspaced.isdisjoint(_parts_of(word))", "", "names inside words"),
        ("if len(run) > LONGEST_WORD:", "if False:", "names of any length"),
    ),
    *sabotage(
        "features/words.py",
        ("tests/features/test_words.py",),
        ("[:_MOST_CHARACTERS]", "", "texts of any length"),
        ("        if left < 0:\n            return\n", "", "any number of words"),
        ("any(one.isdigit() for one in word)", "False", "figures as words"),
        ("and len(beyond) == 1", "and False", "characters of another word"),
        ('elif piece == " " and', "elif False and", "pairs across sentences"),
        ("return one + other", 'return f"{one} {other}"', "blanks in Chinese"),
    ),
    *sabotage(
        "training/fit_phrases.py",
        ("tests/training/test_fit_phrases.py",),
        ("& _has_weight(sums, around)", "", "lift without weights"),
        ("np.maximum(usual, _share(around))", "usual", "lift over like goods alone"),
        ("np.maximum(usual, _share(around))", "_share(around)", "the lift of goods instead of words"),
        ("1.0, _share(around_sellers))", "1.0, 0.0)", "lift without sellers"),
        ("+ SUPPORT * found", "+ 0 * found", "narrow cells without smoothing"),
        ("& ~(unspaced[ids[:-1]] & unspaced[ids[1:]])", "", "blanks in Chinese"),
        ("and stop_words().isdisjoint((one, other))", "", "stop words of Chinese"),
        ("word not in stop_words() and", "", "stop words"),
        ("and not own.hold(word)", "", "names of goods"),
        ("(sellers[:, _LISTINGS] >= FEWEST_SELLERS)", "(sellers[:, _LISTINGS] >= 1)", "a shop's own phrase"),
    ),
]
