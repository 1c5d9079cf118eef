package main

import (
	"bufio"
	"io"
	"net"
	"strings"
	"testing"
	"time"
)

// The protocol as koreserver speaks it, and what Redis says to what it does not know. (koreserver's own tests ask a real Redis as well,
// where there is one.)
func TestReplies(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go serve(l)
	conn, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
	send := "*1\r\n$4\r\nPING\r\n" +
		"*3\r\n$6\r\nINCRBY\r\n$1\r\na\r\n$1\r\n2\r\n" +
		"*3\r\n$6\r\nincrby\r\n$1\r\na\r\n$2\r\n-5\r\n" +
		"*3\r\n$6\r\nINCRBY\r\n$1\r\na\r\n$1\r\nx\r\n" +
		"*3\r\n$6\r\nEXPIRE\r\n$1\r\na\r\n$2\r\n60\r\n" +
		"*3\r\n$6\r\nEXPIRE\r\n$1\r\nb\r\n$2\r\n60\r\n" +
		"*2\r\n$3\r\nGET\r\n$1\r\na\r\n" +
		"hello\r\n"
	if _, err := io.WriteString(conn, send); err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(conn)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"+PONG", ":2", ":-3", "-ERR value is not", ":1", ":0", "-ERR unknown command 'GET'", "-ERR Protocol error"}
	lines := strings.Split(strings.TrimSuffix(string(got), "\r\n"), "\r\n")
	if len(lines) != len(want) {
		t.Fatalf("got %q, want %q", lines, want)
	}
	for i, line := range lines {
		if !strings.HasPrefix(line, want[i]) {
			t.Errorf("reply %d is %q, want %q", i, line, want[i])
		}
	}
}

func TestExpiry(t *testing.T) {
	s, now := &store{items: map[string]int64{}, expires: map[string]time.Time{}}, time.Now()
	s.reply([]string{"INCRBY", "a", "3"}, now)
	s.reply([]string{"EXPIRE", "a", "60"}, now)
	if got := s.reply([]string{"INCRBY", "a", "1"}, now.Add(59*time.Second)); got != ":4" {
		t.Errorf("before it expires: %s, want :4", got)
	}
	if got := s.reply([]string{"INCRBY", "a", "1"}, now.Add(61*time.Second)); got != ":1" {
		t.Errorf("after it expired: %s, want :1", got)
	}
}

func TestCommandRefusesNonsense(t *testing.T) {
	for _, text := range []string{"*0\r\n", "*99\r\n", "*1\r\n+PING\r\n", "*1\r\n$-1\r\n", "*1\r\n$999999999\r\n", "*1\r\n$4\r\nPI"} {
		if words, err := command(bufio.NewReader(strings.NewReader(text))); err == nil {
			t.Errorf("%q is read as %q", text, words)
		}
	}
}
