package lifecycle

import (
	"strings"
	"testing"
)

func TestSleeps(t *testing.T) {
	tests := []struct {
		command string // words are separated by |
		seconds int64
		only    bool
	}{
		{"sleep|15", 15, true},
		{"/bin/sleep|15s", 15, true},
		{"sleep|1m|30", 90, true},
		{"sleep|0.2", 1, true},
		{"sleep|infinity", 0, false},
		{"sleep", 0, false},
		{"sh|-c|sleep 15", 15, true},
		{"/bin/bash|-ec|sleep 5; sleep 5s\n", 10, true},
		{"sh|-c|sleep 10 && nginx -s quit", 10, false},
		{"sh|-c|nginx -s quit; sleep 10", 10, false},
		{"sh|-c|sleep 5\nwhile pgrep app; do\n  sleep 60\ndone", 5, false},
		{"sh|-c|if [ -f /tmp/x ]; then sleep 60; fi", 0, false},
		{"sh|-c|exit 0; sleep 60", 0, false},
		{"sh|-c|sleep 60 &", 0, false},
		{"sh|-c|curl -f localhost/drain || sleep 60", 0, false},
		{"sh|-c|sleep $DRAIN", 0, false},
		{"sh|/drain.sh", 0, false},
		{"python|-c|sleep 15", 0, false},
		{"sh|-c|", 0, false},
		{"", 0, false},
	}
	for _, tt := range tests {
		seconds, only := sleeps(strings.Split(tt.command, "|"))
		if seconds != tt.seconds || only != tt.only {
			t.Errorf("sleeps(%q) = %d, %v; want %d, %v", tt.command, seconds, only, tt.seconds, tt.only)
		}
	}
	if seconds, only := sleeps(nil); seconds != 0 || only {
		t.Errorf("sleeps(nil) = %d, %v", seconds, only)
	}
}
