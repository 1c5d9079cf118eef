package probeverify

import (
	"bufio"
	"errors"
	"io"
	"net"
	"syscall"
	"testing"
	"time"

	"github.com/fairway-k8s/fairway/internal/testkit/probesample"
)

// say sends a line over a connection and returns what comes back, or why nothing does.
func say(c net.Conn, within time.Duration) (string, error) {
	if err := c.SetDeadline(time.Now().Add(within)); err != nil {
		return "", err
	}
	if _, err := io.WriteString(c, "ping\n"); err != nil {
		return "", err
	}
	return bufio.NewReader(c).ReadString('\n')
}

// A proxy passes, refuses, hangs and delays, for connections that were open before and for new ones, and passes again after each.
func TestProxy(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go probesample.Pong(l)
	const late = 200 * time.Millisecond
	p, err := newProxy(Dependency{Name: "DB", Addr: l.Addr().String()}, late)
	if err != nil {
		t.Fatal(err)
	}
	defer p.close()
	dial := func() net.Conn {
		t.Helper()
		c, err := net.Dial("tcp", p.address)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		return c
	}
	pong := func(what string, c net.Conn, from, to time.Duration) {
		t.Helper()
		start := time.Now()
		got, err := say(c, 2*time.Second)
		if took := time.Since(start); err != nil || got != "pong\n" || took < from || took > to {
			t.Errorf("%s: %q, %v after %s, want pong after %s to %s", what, got, err, took, from, to)
		}
	}
	set := func(m mode) {
		t.Helper()
		if err := p.set(m); err != nil {
			t.Fatal(err)
		}
	}
	old := dial()
	pong("passing", old, 0, late)

	set(slow)
	pong("slow, an old connection", old, late, time.Second)
	pong("slow, a new connection", dial(), late, time.Second)
	set(passing)
	pong("after slow", old, 0, late)

	set(hung)
	if got, err := say(old, 300*time.Millisecond); !timedOut(err) {
		t.Errorf("hung, an old connection: %q, %v, want a timeout", got, err)
	}
	fresh := dial()
	if got, err := say(fresh, 300*time.Millisecond); !timedOut(err) {
		t.Errorf("hung, a new connection: %q, %v, want a timeout", got, err)
	}
	if !until(t.Context(), time.Second, func() bool { return p.held.Load() == 3 }) {
		t.Errorf("%d connections are held, want 3", p.held.Load())
	}
	fresh.Close()
	if !until(t.Context(), time.Second, func() bool { return p.held.Load() == 2 }) {
		t.Errorf("%d connections are held after one was given up, want 2", p.held.Load())
	}
	set(passing)
	if got, err := say(old, time.Second); err == nil {
		t.Errorf("a connection that hung goes on: %q", got)
	}
	old = dial()
	pong("after hung", old, 0, late)

	set(down)
	if got, err := say(old, time.Second); !errors.Is(err, syscall.ECONNRESET) && !errors.Is(err, syscall.EPIPE) {
		t.Errorf("down, an old connection: %q, %v, want a reset", got, err)
	}
	if c, err := net.Dial("tcp", p.address); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("down, a new connection: %v %v, want it refused", c, err)
	}
	set(passing)
	pong("after down", dial(), 0, late)
	if n, want := p.conns.Load(), int64(5); n != want {
		t.Errorf("%d connections were counted, want %d", n, want)
	}
}
