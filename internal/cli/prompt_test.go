package cli

import (
	"context"
	"io"
	"strings"
	"testing"
)

// TestPromptStops: whoever is asked may stop, by the end of the input and by an interruption, and is not left waiting.
func TestPromptStops(t *testing.T) {
	p := newPrompt(t.Context(), Env{Stdin: strings.NewReader("  y \n"), Stderr: io.Discard})
	if got, err := p.ask("?"); got != "y" || err != nil {
		t.Errorf("got %q, %v; want y", got, err)
	}
	if got, err := p.ask("?"); err == nil {
		t.Errorf("got %q behind the last line, want an error", got)
	}
	silent, writer := io.Pipe()
	defer writer.Close()
	ctx, cancel := context.WithCancel(t.Context())
	p = newPrompt(ctx, Env{Stdin: silent, Stderr: io.Discard})
	cancel()
	if got, err := p.ask("?"); err == nil {
		t.Errorf("got %q after an interruption, want an error", got)
	}
}
