"""Mutants of the reading of a bundle, which accept content that no training writes."""

from tests.sabotage.mutant import sabotage

MUTANTS = [
    *sabotage(
        "models/treetext.py",
        ("tests/models/test_treetext.py",),
        ("not text.isascii() or", "", "sizes that count characters"),
        (" or found.keys() != _HEAD", "", "lines of another head"),
        ('found["objective"]) != ("1", "1", _OBJECTIVE)', '"") != ("1", "1", "")', "any objective"),
        ('for name in ("feature_names", "feature_infos")', 'for name in ("feature_names",)', "ranges of more columns"),
        ('for name in ("feature_names", "feature_infos")', 'for name in ("feature_infos",)', "names of more columns"),
        ("not found.keys() <= _TREE or", "", "fields of another tree"),
        ('(found["num_cat"], found["is_linear"]) != ("0", "0")', "False", "categories and formulas"),
        ("children != [*range(-leaves, 0), *range(1, splits)]", "False", "children anywhere"),
        ("_integer(column) < columns", "_integer(column) <= columns", "one column too many"),
        (
            '"leaf_value", "leaf_weight", "split_gain", "internal_value", "internal_weight", "shrinkage")',
            '"leaf_value", "leaf_weight", "split_gain", "internal_value", "shrinkage")',
            "unread inner weights",
        ),
        (' or not found["shrinkage"]', "", "no shrinkage"),
        ("_integer(count) < 1", "_integer(count) < 0", "empty leaves"),
        ("kind & _CATEGORIES or", "", "splits on categories"),
        (" or kind & _MISSING != _MISSING_NAN", "", "missing values read as zero"),
        ("if not _TAIL.match(text, at):", 'if not text.startswith("end of trees\\n", at):', "any trailing text"),
    ),
    *sabotage(
        "models/flat_trees.py",
        ("tests/models/test_flat_trees.py",),
        ("    if tree.missing_left[node]:\n", "    if not tree.missing_left[node]:\n", "missing on the other side"),
        (
            "return _TELLING if tree.thresholds[node] == np.inf else _ABOVE,",
            "return _ABOVE,",
            "infinity read as missing",
        ),
        ("if np.uint64(matrix.shape[1]) != words[_HEAD]:", "if False:", "columns beyond the row"),
    ),
    *sabotage(
        "models/tree_probes.py",
        ("tests/models/test_flat_trees.py",),
        (
            "    return threshold, math.nextafter(threshold, math.inf), math.nan",
            "    return threshold, threshold, math.nan",
            "nothing just above",
        ),
        ("rows += [at, above, missing]", "rows += [at, above]", "nothing missing"),
    ),
    *sabotage(
        "models/forest.py",
        ("tests/models/test_flat_trees.py", "tests/models/test_tree_shares.py"),
        (
            "            if not np.array_equal(self.raw(rows),",
            "            if False and not np.array_equal(self.raw(rows),",
            "any values do",
        ),
        (
            "                if not np.allclose(self.con",
            "                if False and not np.allclose(self.con",
            "any contributions do",
        ),
    ),
    *sabotage(
        "models/tree_shares.py",
        ("tests/models/test_tree_shares.py",),
        (
            "unknown = opening * count / tree.counts[one.split]",
            "unknown = count / tree.counts[one.split]",
            "a second split",
        ),
        (
            "before, opening = edges.get(column, (_NONE, 1.0))",
            "before, opening = _NONE, 1.0",
            "one opening for each split",
        ),
        ("many = _POINTS * -(-longest // (2 * _POINTS))", "many = _POINTS", "too few points for long paths"),
        (
            "base += sum(value * count / total for",
            "base += sum(value / len(tree.leaves) for",
            "an unweighted expectation",
        ),
    ),
    *sabotage(
        "models/bundle.py",
        ("tests/models/test_bundle.py",),
        ("type(schema) is not int or", "", "a schema of another kind"),
        (
            'if _PHRASES not in read_json(files, MANIFEST)["files"]:',
            "if _PHRASES not in files:",
            "phrases that no manifest names",
        ),
        ("if pull > 0 and", "if", "quotations that point to genuine goods"),
        ('used.isdisjoint(one.phrase.split(" "))', "True", "words quoted twice"),
        ("model.keys() != _PARTS or", "", "extra parts of a model"),
        (' or model["combiner"].keys() != _COMBINED', "", "extra parts of a combiner"),
        (
            "forest.columns != forest_columns(combiner.join)",
            "len(forest.columns) != len(forest_columns(combiner.join))",
            "columns in another order",
        ),
        ("standard.spread <= 0", "standard.spread < 0", "a spread of zero"),
        ("thresholds.analyst_from > thresholds.ask_brand_from", "False", "thresholds that cross"),
        ('type(found["seed"]) is not int', "False", "a seed as text"),
    ),
    *sabotage(
        "models/bundle_files.py",
        ("tests/models/test_bundle.py",),
        ("object_pairs_hook=_each_once", "object_pairs_hook=dict", "repeated names"),
        ("files[name].decode()", "files[name]", "any encoding"),
        ("if not 0 <= found <= 1:", "if not found <= 1:", "shares below zero"),
        ("if not 0 <= found <= 1:", "if not 0 <= found:", "shares above one"),
        ("- _BEFORE or int(header[2]) != COLUMNS", "- _BEFORE", "any claimed number of weights"),
        ("len(found) != COLUMNS or", "", "more weights than columns"),
        (" or not np.isfinite(found).all()", "", "weights that are not finite"),
    ),
]
