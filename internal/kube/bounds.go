package kube

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"
)

// Bounds of what is waited for and read, for servers that never come to an end.
const (
	// A page has 500 objects, of at most 1.5 MB each by etcd's --max-request-bytes; few have more than some KB.
	maxAnswer = 1 << 30
	// maxWhole is for answers that are held as a whole: discovery, which has some 100 KB, and errors.
	maxWhole = 64 << 20
	// maxPages of one list: a million objects. No cluster has as many of one kind.
	maxPages = 2000
)

// silence is for how long a server may send nothing in the middle of a request. An API server gives a request up after 60 s
// (--request-timeout).
var silence = 90 * time.Second

// maxWait is for how long a server may ask for patience at once.
var maxWait = 10 * time.Second

var (
	errSilent  = errors.New("the server has sent nothing for a long time")
	errTooMuch = errors.New("the answer is larger than any of an API server's")
	errEndless = errors.New("the list has no end: the server always names another page")
)

// heldWhole marks the context of a request whose answer is held as a whole.
type heldWhole struct{}

// bounded ends requests whose answers do not.
type bounded struct{ next http.RoundTripper }

func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithCancelCause(r.Context())
	timer := time.AfterFunc(silence, func() { cancel(fmt.Errorf("%w (%v)", errSilent, silence)) })
	resp, err := b.next.RoundTrip(r.WithContext(ctx))
	if err != nil {
		timer.Stop()
		err = cause(ctx, err)
		cancel(nil)
		return nil, err
	}
	if seconds, err := strconv.Atoi(resp.Header.Get("Retry-After")); err == nil && time.Duration(seconds) > maxWait/time.Second {
		resp.Header.Set("Retry-After", strconv.Itoa(int(maxWait/time.Second)))
	}
	left := int64(maxAnswer)
	if resp.StatusCode >= 300 || r.Context().Value(heldWhole{}) != nil {
		left = maxWhole
	}
	resp.Body = &boundedBody{ReadCloser: resp.Body, ctx: ctx, cancel: cancel, timer: timer, left: left}
	return resp, nil
}

// boundedBody is the body of an answer, after decompression.
type boundedBody struct {
	io.ReadCloser
	ctx    context.Context
	cancel context.CancelCauseFunc
	timer  *time.Timer
	left   int64
}

func (b *boundedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.timer.Reset(silence)
	if b.left -= int64(n); b.left < 0 {
		return n, errTooMuch
	}
	if err != nil && err != io.EOF {
		err = cause(b.ctx, err)
	}
	return n, err
}

func (b *boundedBody) Close() error {
	b.timer.Stop()
	err := b.ReadCloser.Close()
	b.cancel(nil)
	return err
}

// cause is errSilent instead of the cancelled context by which it came about.
func cause(ctx context.Context, err error) error {
	if c := context.Cause(ctx); errors.Is(c, errSilent) {
		return c
	}
	return err
}
