package listing

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/iotest"
)

func TestRead(t *testing.T) {
	for _, x := range []struct {
		name, text string
		items      int
		page       Page
		err        string
	}{
		{"a list", `{"kind":"PodList","apiVersion":"v1","metadata":{"continue":"t","resourceVersion":"1"},"items":[{"a":1},{"b":[2]}]}`, 2, Page{"v1", "PodList", "t", 2}, ""},
		{"items first", `{"items":[{"a":1}],"metadata":{},"kind":"PodList","apiVersion":"v1"}`, 1, Page{"v1", "PodList", "", 1}, ""},
		{"no items", `{"kind":"PodList","items":null}`, 0, Page{Kind: "PodList"}, ""},
		{"breaks off in an item", `{"kind":"PodList","items":[{"a":1},{"b":`, 1, Page{Kind: "PodList", Items: 1}, "unexpected EOF"},
		{"breaks off between items", `{"kind":"PodList","items":[{"a":1}`, 1, Page{Kind: "PodList", Items: 1}, "unexpected EOF"},
		{"breaks off at the end", `{"kind":"PodList","items":[{"a":1}]`, 1, Page{Kind: "PodList", Items: 1}, "unexpected EOF"},
		{"empty", ``, 0, Page{}, "unexpected EOF"},
		{"no object", `[1]`, 0, Page{}, "begins with '['"},
		{"no JSON", `<html>`, 0, Page{}, "begins with '<'"},
		{"items of another type", `{"items":"x"}`, 0, Page{}, "not a list"},
	} {
		t.Run(x.name, func(t *testing.T) {
			n := 0
			page, err := Read(strings.NewReader(x.text), func(raw json.RawMessage) error {
				n++
				if !json.Valid(raw) {
					t.Errorf("item %q", raw)
				}
				return nil
			})
			if n != x.items || page != x.page {
				t.Errorf("%d items, %+v", n, page)
			}
			switch {
			case x.err == "" && err != nil, x.err != "" && (err == nil || !strings.Contains(err.Error(), x.err)):
				t.Errorf("error %v, want %q", err, x.err)
			case x.err == "unexpected EOF" && !errors.Is(err, io.ErrUnexpectedEOF):
				t.Errorf("%v is not io.ErrUnexpectedEOF", err)
			}
		})
	}
	sorry := errors.New("sorry")
	if _, err := Read(strings.NewReader(`{"items":[{},{}]}`), func(json.RawMessage) error { return sorry }); !errors.Is(err, sorry) {
		t.Errorf("the error of an item is lost: %v", err)
	}
}

// Any list is cut as encoding/json reads it, however it arrives and however it is spaced.
func TestReadAsJSON(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	var value func(depth int) any
	value = func(depth int) any {
		switch n := rnd.IntN(8); {
		case n == 0 && depth > 0:
			m := map[string]any{}
			for range rnd.IntN(4) {
				m[strings.Repeat(`k"\{`, rnd.IntN(3))] = value(depth - 1)
			}
			return m
		case n == 1 && depth > 0:
			list := []any{}
			for range rnd.IntN(4) {
				list = append(list, value(depth-1))
			}
			return list
		case n == 2:
			return rnd.Float64()
		case n == 3:
			return nil
		case n == 4:
			return rnd.IntN(2) == 0
		default:
			return strings.Repeat(`a"\\]}{[,: é`, rnd.IntN(3))
		}
	}
	for range 3000 {
		want := map[string]any{"kind": "XList", "other": value(3), "metadata": map[string]any{"continue": "t"}}
		items := []any{}
		for range rnd.IntN(5) {
			items = append(items, value(4))
		}
		want["items"] = items
		text, err := json.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		if rnd.IntN(2) == 0 {
			var b bytes.Buffer
			if err := json.Indent(&b, text, " ", "\t"); err != nil {
				t.Fatal(err)
			}
			text = b.Bytes()
		}
		var r io.Reader = bytes.NewReader(text)
		if rnd.IntN(2) == 0 {
			r = iotest.OneByteReader(r)
		}
		got := []any{}
		page, err := Read(r, func(raw json.RawMessage) error {
			var v any
			err := json.Unmarshal(raw, &v)
			got = append(got, v)
			return err
		})
		a, _ := json.Marshal(items)
		b, _ := json.Marshal(got)
		if err != nil || page != (Page{"", "XList", "t", len(items)}) || !bytes.Equal(a, b) {
			t.Fatalf("%s:\n%v %+v\n%s, want\n%s", text, err, page, b, a)
		}
		// Broken off anywhere, it says so.
		cut := rnd.IntN(len(bytes.TrimSpace(text)))
		if _, err := Read(bytes.NewReader(text[:cut]), func(json.RawMessage) error { return nil }); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Fatalf("cut off after %d bytes: %v\n%s", cut, err, text[:cut])
		}
	}
}
