package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
	"sync"
)

// carts keep how many items each visitor has put into the cart. Both are safe for concurrent use.
type carts interface {
	add(ctx context.Context, visitor string, n int64) (items int64, err error)
	ping(ctx context.Context) error
}

// open returns the store that a flag names.
func open(sessions string) (carts, error) {
	if sessions == "memory" {
		return &memory{items: map[string]int64{}}, nil
	}
	u, err := url.Parse(sessions)
	if err != nil || u.Scheme != "redis" || u.Port() == "" || u.Hostname() == "" || u.User != nil || strings.Trim(u.Path, "/") != "" {
		return nil, fmt.Errorf("--sessions=%s: write memory or redis://HOST:PORT", sessions)
	}
	return redis(u.Host), nil
}

// memory forgets with the process, and knows nothing of other replicas.
type memory struct {
	mu    sync.Mutex
	items map[string]int64
}

func (m *memory) add(_ context.Context, visitor string, n int64) (int64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.items[visitor] += n
	return m.items[visitor], nil
}

func (m *memory) ping(context.Context) error { return nil }

// redis is the address of a Redis. It speaks the two commands that it needs itself, over a connection each: a client library would bring
// pools, retries and clusters, and this service asks a few times a second.
type redis string

// keep is for how long a cart is kept after it was last looked at, in seconds.
const keep = "3600"

func (r redis) add(ctx context.Context, visitor string, n int64) (items int64, err error) {
	key := "cart:" + visitor
	replies, err := r.ask(ctx, []string{"INCRBY", key, strconv.FormatInt(n, 10)}, []string{"EXPIRE", key, keep})
	if err != nil {
		return 0, err
	}
	return strconv.ParseInt(replies[0], 10, 64)
}

func (r redis) ping(ctx context.Context) error {
	_, err := r.ask(ctx, []string{"PING"})
	return err
}

// ask sends commands in one go and returns a reply for each. The deadline of ctx is that of the whole.
func (r redis) ask(ctx context.Context, commands ...[]string) ([]string, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", string(r))
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	if deadline, ok := ctx.Deadline(); ok {
		_ = conn.SetDeadline(deadline)
	}
	// An array of bulk strings, https://redis.io/docs/latest/develop/reference/protocol-spec/.
	var request strings.Builder
	for _, words := range commands {
		fmt.Fprintf(&request, "*%d\r\n", len(words))
		for _, w := range words {
			fmt.Fprintf(&request, "$%d\r\n%s\r\n", len(w), w)
		}
	}
	if _, err := conn.Write([]byte(request.String())); err != nil {
		return nil, err
	}
	in := bufio.NewReader(conn)
	var replies []string
	for range commands {
		line, err := in.ReadString('\n')
		if err != nil {
			return nil, fmt.Errorf("%s ended in the middle of a reply: %w", string(r), err)
		}
		// All replies to these commands are one line: a simple string, a number or an error.
		switch line = strings.TrimRight(line, "\r\n"); {
		case strings.HasPrefix(line, "+"), strings.HasPrefix(line, ":"):
			replies = append(replies, line[1:])
		case strings.HasPrefix(line, "-"):
			return nil, errors.New(string(r) + " refuses: " + line[1:])
		default:
			return nil, fmt.Errorf("%s replies %q, which is not Redis", string(r), line)
		}
	}
	return replies, nil
}
