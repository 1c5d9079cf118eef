package probeverify

import (
	"context"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// Dependency is another service that the application needs, reached through a listener of ours so that it can fail.
type Dependency struct {
	Name  string
	Addr  string // host:port of the real one
	Class Class
}

// Class says what ready has to answer while a dependency is away.
type Class string

const (
	// Local is a resource of this pod alone, such as its database file or its sidecar: without it ready is false.
	Local Class = "local"
	// Shared is a service that all pods share: without it ready stays true, or all pods leave at once.
	Shared Class = "shared"
	// Undecided says nothing of ready but that it answers in time.
	Undecided Class = ""
)

// mode is what a proxy does to connections.
type mode int

const (
	passing mode = iota
	down         // connections are refused, and those that are open are reset
	hung         // connections are accepted, and nothing is ever answered
	slow         // answers come late
)

// proxy stands before a dependency.
type proxy struct {
	Dependency
	address string // where it listens: 127.0.0.1:PORT
	delay   time.Duration

	mu       sync.Mutex
	listener net.Listener
	open     map[net.Conn]net.Conn // the application's, and beside each ours to the dependency or nil
	now      mode
	changed  chan struct{} // closed when now changes
	closed   bool

	ctx          context.Context // ends with the proxy
	cancel       context.CancelFunc
	conns, bytes atomic.Int64 // that came from the application, in all
	held         atomic.Int64 // connections that the application has not closed
	wg           sync.WaitGroup
}

func newProxy(d Dependency, delay time.Duration) (*proxy, error) {
	p := &proxy{Dependency: d, delay: delay, open: map[net.Conn]net.Conn{}, changed: make(chan struct{})}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p.address = l.Addr().String()
	p.ctx, p.cancel = context.WithCancel(context.Background())
	p.serve(l)
	return p, nil
}

func (p *proxy) serve(l net.Listener) {
	p.listener = l
	p.wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			p.conns.Add(1)
			p.mu.Lock()
			p.open[c] = nil
			p.mu.Unlock()
			p.wg.Go(func() { p.carry(c) })
		}
	})
}

// carry takes bytes to and fro until one side ends.
func (p *proxy) carry(c net.Conn) {
	defer func() {
		p.mu.Lock()
		delete(p.open, c)
		p.mu.Unlock()
		c.Close()
	}()
	p.held.Add(1)
	left := sync.OnceFunc(func() { p.held.Add(-1) })
	defer left()
	if p.mode() == hung {
		_, _ = io.Copy(io.Discard, c) // until the application gives up, or the hang ends
		return
	}
	if !p.pass(0) {
		return
	}
	up, err := (&net.Dialer{Timeout: 5 * time.Second}).DialContext(p.ctx, "tcp", p.Addr)
	if err != nil {
		reset(c)
		return
	}
	defer up.Close()
	p.mu.Lock()
	p.open[c] = up
	ended := p.closed
	p.mu.Unlock()
	if ended {
		return
	}
	var both sync.WaitGroup
	both.Go(func() {
		p.copy(up, c, 0, &p.bytes)
		left()
		closeWrite(up)
		_ = up.SetReadDeadline(time.Now().Add(5 * time.Second)) // it may still answer what it was asked
	})
	both.Go(func() {
		defer closeWrite(c)
		p.copy(c, up, p.delay, nil)
	})
	both.Wait()
}

// copy copies, and waits as the mode says before what it read goes on.
func (p *proxy) copy(to io.Writer, from io.Reader, late time.Duration, count *atomic.Int64) {
	buf := make([]byte, 32<<10)
	for {
		n, err := from.Read(buf)
		if count != nil {
			count.Add(int64(n))
		}
		if n > 0 && !(count != nil && p.mode() == hung) { // what is asked of what hangs is lost, and still read to see the application give up
			if !p.pass(late) {
				return
			}
			if _, err := to.Write(buf[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// pass waits until bytes may go on. It reports false when they never may.
func (p *proxy) pass(late time.Duration) bool {
	for {
		p.mu.Lock()
		now, changed, closed := p.now, p.changed, p.closed
		p.mu.Unlock()
		switch {
		case closed || now == down:
			return false
		case now == hung:
			<-changed
		case now == slow && late > 0:
			select {
			case <-changed:
			case <-time.After(late):
				return true
			}
		default:
			return true
		}
	}
}

// set changes what the proxy does from now on.
func (p *proxy) set(m mode) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	was := p.now
	p.now = m
	close(p.changed)
	p.changed = make(chan struct{})
	switch {
	case m == down:
		p.listener.Close()
		for c := range p.open {
			reset(c)
		}
	case was == down:
		l, err := net.Listen("tcp", p.address)
		if err != nil {
			return err
		}
		p.serve(l)
	case was == hung: // what was said in vain stays in vain: the application has long given up
		for c := range p.open {
			reset(c)
		}
	}
	return nil
}

// mode returns what it does now.
func (p *proxy) mode() mode {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.now
}

func (p *proxy) close() {
	p.mu.Lock()
	p.closed = true
	p.cancel()
	close(p.changed)
	p.changed = make(chan struct{})
	p.listener.Close()
	for c, up := range p.open {
		c.Close()
		if up != nil {
			up.Close()
		}
	}
	p.mu.Unlock()
	p.wg.Wait()
}

// reset ends a connection as a process that dies does.
func reset(c net.Conn) {
	if t, ok := c.(*net.TCPConn); ok {
		_ = t.SetLinger(0)
	}
	c.Close()
}

func closeWrite(c net.Conn) {
	if t, ok := c.(*net.TCPConn); ok {
		_ = t.CloseWrite()
	}
}
