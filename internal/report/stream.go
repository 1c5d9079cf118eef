package report

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// stream writes one JSON document piece by piece, so that a large report is never held as text: the outer levels are laid out by
// hand with one member a line, list items are compact and have a line each.
type stream struct {
	*bufio.Writer
	buf bytes.Buffer
	enc *json.Encoder
	err error
}

func newStream(w io.Writer) *stream {
	s := &stream{Writer: bufio.NewWriterSize(w, 64<<10)}
	s.enc = json.NewEncoder(&s.buf)
	s.enc.SetEscapeHTML(false)
	return s
}

// value writes v as compact JSON.
func (s *stream) value(v any) {
	s.buf.Reset()
	if err := s.enc.Encode(v); err != nil && s.err == nil {
		s.err = err
	}
	s.writeShown(bytes.TrimSuffix(s.buf.Bytes(), []byte("\n")))
}

// writeShown writes JSON with the characters that do not print as \u escapes: to a program they are the same, to a terminal they are
// not. The encoder escapes those below U+0020 itself.
func (s *stream) writeShown(b []byte) {
	from := 0
	for i := 0; i < len(b); {
		if b[i] >= ' ' && b[i] < 0x7f {
			i++
			continue
		}
		r, size := utf8.DecodeRune(b[i:])
		if !strconv.IsPrint(r) {
			s.Write(b[from:i])
			for _, unit := range utf16.Encode([]rune{r}) {
				fmt.Fprintf(s, `\u%04x`, unit)
			}
			from = i + size
		}
		i += size
	}
	s.Write(b[from:])
}

// list writes n items, one a line.
func (s *stream) list(indent string, n int, item func(int) any) {
	s.WriteByte('[')
	for i := range n {
		if i > 0 {
			s.WriteByte(',')
		}
		s.WriteString("\n" + indent + "  ")
		s.value(item(i))
	}
	if n > 0 {
		s.WriteString("\n" + indent)
	}
	s.WriteByte(']')
}

// finish writes what is left and returns the first error.
func (s *stream) finish() error {
	if err := s.Flush(); err != nil {
		return err
	}
	return s.err
}
