package source

import (
	"bytes"
	"errors"
	"io"

	"go.yaml.in/yaml/v4"
)

// ErrEmpty says that a text holds no document.
var ErrEmpty = errors.New("it is empty")

// Strict decodes one YAML document into v, for files of Fairway's own: a field that v does not have is an error, and so is a second document, which
// would be passed over otherwise. The error is ErrEmpty when there is none.
func Strict(data []byte, v any) error {
	dec := yaml.NewDecoder(bytes.NewReader(data))
	dec.KnownFields(true)
	err := dec.Decode(v)
	if errors.Is(err, io.EOF) {
		return ErrEmpty
	}
	if err == nil && !errors.Is(dec.Decode(new(any)), io.EOF) {
		return errors.New("it holds more than one document")
	}
	return err
}
