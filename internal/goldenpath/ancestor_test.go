package goldenpath

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"
)

func TestAncestor(t *testing.T) {
	a := &Ancestor{"stateless-service@1.0.0", []Rendered{{"deploy/base/a.yaml", []byte("a: 1 # one\n")}, {"b.yaml", []byte("b: |\n\n  --\n  -- b.yaml\n")}, {"empty", nil}}}
	data, err := a.Encode()
	if err != nil {
		t.Fatal(err)
	}
	again, err := a.Encode()
	if err != nil || !bytes.Equal(data, again) {
		t.Errorf("a second time it is %s (%v)", again, err)
	}
	for name, in := range map[string][]byte{"as written": data, "checked out with CRLF": bytes.ReplaceAll(data, []byte("\n"), []byte("\r\n"))} {
		back, err := ReadAncestor(in)
		if err != nil || back.Path != a.Path || !slices.EqualFunc(back.Files, a.Files, equalFile) {
			t.Errorf("%s: got %v, %v", name, back, err)
		}
	}
	for i := range data {
		if data[i] == '\n' && i == len(ancestorTitle)+1+len(ancestorText) {
			continue
		}
		changed := bytes.Clone(data)
		changed[i] ^= 1
		if back, err := ReadAncestor(changed); err == nil && !inText(i) {
			t.Errorf("byte %d changed: read as %v", i, back)
		}
	}
	for n := range data {
		if _, err := ReadAncestor(data[:n]); err == nil {
			t.Errorf("%d of %d bytes are read as an ancestor", n, len(data))
		}
	}
}

// inText reports whether a byte is one of the sentence for people, which may change.
func inText(i int) bool {
	return i > len(ancestorTitle) && i < len(ancestorTitle)+1+len(ancestorText)
}

func TestAncestorRefuses(t *testing.T) {
	for _, f := range []Rendered{
		{"../a", nil}, {"/a", nil}, {"a/../../b", nil}, {"", nil}, {".", nil}, {`a\b`, nil},
		{"a", []byte("no line break")}, {"a", []byte("a: 1\r\n")},
		{"a", []byte("x: |\n-- b --\n")},
	} {
		if data, err := (&Ancestor{"p@1.0.0", []Rendered{f}}).Encode(); err == nil {
			t.Errorf("%q with %q became %s", f.Name, f.Data, data)
		}
	}
	good, err := (&Ancestor{"p@1.0.0", []Rendered{{"a", []byte("b\n")}}}).Encode()
	if err != nil {
		t.Fatal(err)
	}
	for why, data := range map[string]string{
		"conflict markers":   strings.Replace(string(good), "-- a --\n", "<<<<<<< ours\n-- a --\n", 1),
		"newer fairway":      strings.Replace(string(good), "ancestor 1", "ancestor 2", 1),
		"its head":           "kind: Deployment\n",
		"has been changed":   strings.Replace(string(good), "b\n", "c\n", 1),
		"its sum is another": strings.Replace(string(good), "p@1.0.0", "p@1.0.1", 1),
	} {
		_, err := ReadAncestor([]byte(data))
		if damaged := new(DamagedAncestor); !errors.As(err, &damaged) || !strings.Contains(damaged.Why, why) {
			t.Errorf("want %q, got %v", why, err)
		}
	}
}
