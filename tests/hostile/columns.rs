//! Text tables whose columns were asked for in ways that do not fit.

/// What the case is, the table, the options (`label=a id=b ignore=2`) and words of the error.
pub(crate) const CASES: [(&str, &[u8], &str, &str); 19] = [
    ("an empty file", b"", "id=0", "t.csv: found an empty file"),
    (
        "only ids",
        b"id\na\nb\n",
        "id=0",
        "t.csv: found 0 columns of values",
    ),
    (
        "only ids and labels",
        b"id,label\na,1\nb,2\n",
        "id=id",
        "t.csv: found 0 columns of values",
    ),
    (
        "all left out",
        b"a,b\n1,2\n",
        "ignore=a ignore=b",
        "t.csv: found 0 columns of values",
    ),
    (
        "no such id column",
        b"name,x\na,1\n",
        "id=nmae",
        "t.csv: id column \"nmae\" not found, expected one of: name, x",
    ),
    (
        "an id column without a header",
        b"a,1\nb,2\n",
        "id=name",
        "no header line was found",
    ),
    (
        "an id column named twice",
        b"id,id,x\na,b,1\n",
        "id=id",
        "each name once",
    ),
    (
        "no such column to leave out",
        b"a,b\n1,2\n",
        "ignore=2",
        "t.csv: ignored column 2 not found",
    ),
    (
        "two uses",
        b"id,y,x\na,1,1\n",
        "ignore=y label=1",
        "t.csv: found column y asked for as the ignored column and as the label column",
    ),
    (
        "two uses of the id",
        b"id,y,x\na,1,1\n",
        "id=id label=id",
        "t.csv: found column id asked for as the id column and as the label column",
    ),
    (
        "an id twice",
        b"id,x\na,1\nb,2\n\"a\",3\n",
        "id=id",
        "t.csv:4: found id \"a\" as in line 2, expected each id once",
    ),
    (
        "an id twice after a cell of two lines, BOM and CRLF",
        b"\xef\xbb\xbfid,note,x\r\na,\"one\r\ntwo\",1\r\na,,2\r\n",
        "id=id ignore=note",
        "t.csv:4: found id \"a\" as in line 2",
    ),
    (
        "no id",
        b"id,x\na,1\n,2\n",
        "id=id",
        "t.csv:3: column 1 (id): found an empty cell",
    ),
    (
        "an id in Latin-1",
        b"id,x\nM\xfcller,1\n",
        "id=id",
        "t.csv:2: column 1 (id): found \"M\u{fffd}ller\", expected an id in UTF-8",
    ),
    (
        "text",
        b"id,kind,x\na,cat,1\n",
        "id=id",
        "t.csv:2: column 2 (kind): found \"cat\", expected a number with a decimal point; correct it",
    ),
    (
        "text under a name that a shell would not take",
        b"id,$(rm x),x\na,cat,1\n",
        "id=id",
        "t.csv:2: column 2 ($(rm x)): found \"cat\", expected a number with a decimal point; correct it",
    ),
    (
        "text in Latin-1",
        b"id,kind,x\na,\xe9t\xe9,1\n",
        "id=id",
        "t.csv:2: column 2 (kind): found \"\u{fffd}t\u{fffd}\", expected a number",
    ),
    (
        "a quote that stays open",
        b"id,x\nz,5\n\"a,1\nb,2\n",
        "id=id",
        "t.csv:3: expected 2 values, found 1",
    ),
    (
        "a value left out with its comma",
        b"id,note,x\na,1\n",
        "ignore=note id=id",
        "t.csv:2: expected 3 values, found 2",
    ),
];
