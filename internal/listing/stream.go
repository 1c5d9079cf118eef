package listing

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// Page is what a list says of itself.
type Page struct {
	APIVersion, Kind string // DeploymentList, say
	// Continue is the token with which the next page is asked for; "" on the last one.
	Continue string
	Items    int
}

// Read reads a list in JSON and calls item for each of its objects, in order, as they come; nobody holds the whole list. The bytes are
// valid only during the call. The error is item's, or says what is wrong with the text: io.ErrUnexpectedEOF when it breaks off. A single
// object that is no list is handed over as if it were alone in one.
func Read(r io.Reader, item func(raw json.RawMessage) error) (Page, error) {
	var p Page
	dec := json.NewDecoder(bufio.NewReaderSize(r, 64<<10))
	if err := delim(dec, '{'); err != nil {
		return p, err
	}
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return p, cut(err)
		}
		switch key {
		case "apiVersion":
			err = dec.Decode(&p.APIVersion)
		case "kind":
			err = dec.Decode(&p.Kind)
		case "metadata":
			var meta struct {
				Continue string `json:"continue"`
			}
			err = dec.Decode(&meta)
			p.Continue = meta.Continue
		case "items":
			err = p.items(dec, item)
		default:
			var rest json.RawMessage
			err = dec.Decode(&rest)
		}
		if err != nil {
			return p, cut(err)
		}
	}
	_, err := dec.Token()
	return p, cut(err)
}

func (p *Page) items(dec *json.Decoder, item func(json.RawMessage) error) error {
	t, err := dec.Token()
	if err != nil || t == nil { // null: none
		return err
	}
	if t != json.Delim('[') {
		return fmt.Errorf("items is %v, not a list", t)
	}
	var raw json.RawMessage
	for dec.More() {
		raw = raw[:0]
		if err := dec.Decode(&raw); err != nil {
			return err
		}
		p.Items++
		if err := item(raw); err != nil {
			return err
		}
	}
	_, err = dec.Token()
	return err
}

func delim(dec *json.Decoder, want json.Delim) error {
	t, err := dec.Token()
	if err != nil {
		return cut(err)
	}
	if t != want {
		return fmt.Errorf("the answer begins with %v, not with an object", t)
	}
	return nil
}

// cut says that a text ends too early in the one way that callers look for.
func cut(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
