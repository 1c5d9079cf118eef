package listing

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"
)

// Page is what a list says of itself.
type Page struct {
	APIVersion, Kind string // DeploymentList, say
	// Continue is the token with which the next page is asked for; "" on the last one.
	Continue string
	Items    int
}

// Read reads a list in JSON and calls item for each of its objects, in order, as they come; nobody holds the whole list. The bytes are
// valid only during the call, and whether they are JSON is for item to find out: here they are only cut apart, which is ten times as fast.
// The error is item's, or says what is wrong with the text: io.ErrUnexpectedEOF when it breaks off.
func Read(r io.Reader, item func(raw json.RawMessage) error) (Page, error) {
	var p Page
	c := cutter{r: bufio.NewReaderSize(r, 64<<10)}
	err := c.object(func(key string) error {
		switch key {
		case "apiVersion":
			return c.decode(&p.APIVersion)
		case "kind":
			return c.decode(&p.Kind)
		case "metadata":
			var meta struct {
				Continue string `json:"continue"`
			}
			err := c.decode(&meta)
			p.Continue = meta.Continue
			return err
		case "items":
			return c.items(func(raw []byte) error {
				p.Items++
				return item(raw)
			})
		}
		_, err := c.value()
		return err
	})
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return p, err
}

// MaxObject bounds one object. etcd takes 1.5 MiB, aggregated API servers may have larger ones.
const MaxObject = 64 << 20

// cutter cuts a JSON text into the values of its outermost mapping, and the items of one of its lists.
type cutter struct {
	r   *bufio.Reader
	buf []byte // the present value
}

// next returns the next byte that is no white space.
func (c *cutter) next() (byte, error) {
	for {
		b, err := c.r.ReadByte()
		if err != nil {
			return 0, err
		}
		switch b {
		case ' ', '\n', '\t', '\r':
		default:
			return b, nil
		}
	}
}

// object reads a mapping and calls member for each key; member reads the value.
func (c *cutter) object(member func(key string) error) error {
	b, err := c.next()
	if err != nil {
		return err
	}
	if b != '{' {
		return fmt.Errorf("the answer begins with %q, not with an object", b)
	}
	for first := true; ; first = false {
		b, err := c.next()
		switch {
		case err != nil:
			return err
		case b == '}':
			return nil
		case b == ',' && !first:
			if b, err = c.next(); err != nil {
				return err
			}
		}
		if b != '"' {
			return fmt.Errorf("%q stands where a key is wanted", b)
		}
		if err := c.r.UnreadByte(); err != nil {
			return err
		}
		var key string
		if err := c.decode(&key); err != nil {
			return err
		}
		if b, err = c.next(); err != nil {
			return err
		}
		if b != ':' {
			return fmt.Errorf("%q stands where a colon is wanted", b)
		}
		if err := member(key); err != nil {
			return err
		}
	}
}

// items reads a list, or null, and calls item for each of its values.
func (c *cutter) items(item func(raw []byte) error) error {
	b, err := c.next()
	if err != nil {
		return err
	}
	if b != '[' {
		if err := c.r.UnreadByte(); err != nil {
			return err
		}
		raw, err := c.value()
		if err == nil && string(raw) != "null" {
			err = fmt.Errorf("items is %.20s, not a list", raw)
		}
		return err
	}
	for first := true; ; first = false {
		b, err := c.next()
		switch {
		case err != nil:
			return err
		case b == ']':
			return nil
		case b == ',' && !first:
		default:
			if err := c.r.UnreadByte(); err != nil {
				return err
			}
		}
		raw, err := c.value()
		if err != nil {
			return err
		}
		if err := item(raw); err != nil {
			return err
		}
	}
}

func (c *cutter) decode(v any) error {
	raw, err := c.value()
	if err != nil {
		return err
	}
	return json.Unmarshal(raw, v)
}

// value returns the bytes of the next value, which are valid until the next call. A value ends where its brackets or quotes do, and one
// without any before the first byte that cannot be part of it.
func (c *cutter) value() ([]byte, error) {
	c.buf = c.buf[:0]
	if _, err := c.next(); err != nil {
		return nil, err
	}
	if err := c.r.UnreadByte(); err != nil {
		return nil, err
	}
	depth, text, escaped := 0, false, false
	for {
		if _, err := c.r.Peek(1); err != nil {
			return nil, err
		}
		chunk, _ := c.r.Peek(c.r.Buffered())
		for i, b := range chunk {
			switch {
			case escaped:
				escaped = false
			case text && b == '\\':
				escaped = true
			case b == '"':
				if text = !text; !text && depth == 0 {
					return c.take(i + 1)
				}
			case text:
			case b == '{', b == '[':
				depth++
			case b == '}', b == ']':
				if depth--; depth == 0 {
					return c.take(i + 1)
				}
				if depth < 0 {
					return c.take(i)
				}
			case depth == 0 && (b == ',' || b == ' ' || b == '\n' || b == '\r' || b == '\t'):
				return c.take(i)
			}
		}
		if _, err := c.take(len(chunk)); err != nil {
			return nil, err
		}
	}
}

// take moves n bytes of what was read to the present value.
func (c *cutter) take(n int) ([]byte, error) {
	chunk, err := c.r.Peek(n)
	if err != nil {
		return nil, err
	}
	c.buf = append(c.buf, chunk...)
	if len(c.buf) > MaxObject {
		return nil, fmt.Errorf("an object is larger than %d MiB", MaxObject>>20)
	}
	_, err = c.r.Discard(n)
	return c.buf, err
}

// readable returns a copy of JSON in which characters that YAML does not allow are escapes: JSON allows them in texts, and so does an
// API server.
func readable(raw []byte) []byte {
	out := make([]byte, 0, len(raw))
	rest := raw
	for i := 0; i < len(rest); {
		if rest[i] < utf8.RuneSelf {
			i++
			continue
		}
		r, size := utf8.DecodeRune(rest[i:])
		if r == utf8.RuneError && size == 1 || r == '\u0085' || r == '\u2028' || r == '\u2029' || r == '\uFFFE' || r == '\uFFFF' {
			out = append(out, rest[:i]...)
			out = fmt.Appendf(out, `\u%04x`, r)
			rest, i = rest[i+size:], 0
			continue
		}
		i += size
	}
	return append(out, rest...)
}
