package listing

import (
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"
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
		{"no object", `[1]`, 0, Page{}, "begins with ["},
		{"no JSON", `<html>`, 0, Page{}, "invalid character"},
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
