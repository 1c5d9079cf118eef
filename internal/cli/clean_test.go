package cli

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/fairway-k8s/fairway/internal/problem"
)

// TestErrorsAreClean: no error hands a terminal what it would obey, wherever it quotes it from.
func TestErrorsAreClean(t *testing.T) {
	const evil = "a\x1b]0;title\ab\u009b31m\u202e"
	for _, err := range []error{
		errors.New(evil),
		&problem.Problem{What: evil, Where: evil, Why: "first\n" + evil, Next: evil},
	} {
		var out bytes.Buffer
		printError(&out, "fairway", err)
		if strings.ContainsAny(out.String(), "\x1b\a\u009b\u202e") {
			t.Errorf("got %q", out.String())
		}
		if !strings.Contains(out.String(), `a\x1b]0;title\ab`) {
			t.Errorf("the text is not there: %q", out.String())
		}
	}
}
