package story

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"sync"
	"time"
)

const (
	patience = 2 * time.Second // how long a visitor waits for an answer
	long     = 3 * time.Second // how long a long conversation takes
)

// span is a time from one answer to the next.
type span struct{ from, to time.Time }

// visit sends requests for url until end is called: 60 short ones a second while they are answered, and ten long conversations at a time. It
// returns how they went, and the silences: the times longer than a visitor's patience in which no short one was answered, in order.
func visit(ctx context.Context, url string) (end func() (Visitors, []span)) {
	ctx, cancel := context.WithCancel(ctx)
	var (
		mu       sync.Mutex
		seen     Visitors
		answered = time.Now()
		silences []span
		group    sync.WaitGroup
	)
	until := func(now time.Time) {
		if now.Sub(answered) > patience {
			silences = append(silences, span{answered, now})
		}
		answered = now
	}
	for range 3 {
		group.Go(func() {
			client := newVisitor()
			for ctx.Err() == nil {
				err := ask(ctx, client, http.MethodGet, url, nil)
				mu.Lock()
				switch {
				case err == nil:
					until(time.Now())
					seen.Requests++
				case ctx.Err() == nil: // else it was cut off by the end, which says nothing
					seen.Requests++
					seen.Failed++
				}
				mu.Unlock()
				pause(ctx, 50*time.Millisecond)
			}
		})
	}
	for range 10 {
		group.Go(func() {
			client := newVisitor()
			client.Timeout += long
			for ctx.Err() == nil {
				err := ask(ctx, client, http.MethodGet, url+"/talk?for="+long.String(), nil)
				mu.Lock()
				if err == nil || ctx.Err() == nil {
					seen.Long++
					if err != nil {
						seen.LongFailed++
					}
				}
				mu.Unlock()
				pause(ctx, 50*time.Millisecond)
			}
		})
	}
	return func() (Visitors, []span) {
		cancel()
		group.Wait()
		until(time.Now())
		seen.SilenceSeconds = tenths(after(silences, time.Time{}))
		return seen, silences
	}
}

// after is how much of some spans lies after a time.
func after(spans []span, t time.Time) (d time.Duration) {
	for _, s := range spans {
		if s.to.After(t) {
			from := s.from
			if from.Before(t) {
				from = t
			}
			d += s.to.Sub(from)
		}
	}
	return d
}

// newVisitor is a client whose every request comes over a connection of its own, so that a Service sends each to any pod.
func newVisitor() *http.Client {
	jar, _ := cookiejar.New(nil) // never fails without options
	return &http.Client{Timeout: patience, Jar: jar, Transport: &http.Transport{DisableKeepAlives: true}}
}

// reply is what koreserver answers.
type reply struct {
	Pod   string `json:"pod"`
	Items int    `json:"items"`
}

// ask sends one request and fails unless it is answered with 200.
func ask(ctx context.Context, client *http.Client, method, url string, into *reply) error {
	req, err := http.NewRequestWithContext(ctx, method, url, nil)
	if err != nil {
		return err
	}
	res, err := client.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("%s %s: %s", method, url, res.Status)
	}
	if into == nil {
		_, err = io.Copy(io.Discard, res.Body)
		return err
	}
	return json.NewDecoder(res.Body).Decode(into)
}

// shopper is one visitor with a cart.
type shopper struct {
	client *http.Client
	url    string
	added  int
	pods   map[string]bool
}

func newShopper(url string) *shopper {
	return &shopper{client: newVisitor(), url: url + "/cart", pods: map[string]bool{}}
}

// add puts n items into the cart, one request each.
func (s *shopper) add(ctx context.Context, n int) error {
	for range n {
		var r reply
		if err := ask(ctx, s.client, http.MethodPost, s.url, &r); err != nil {
			return err
		}
		s.pods[r.Pod] = true
		s.added++
	}
	return nil
}

// look counts what is in the cart.
func (s *shopper) look(ctx context.Context) (Carts, error) {
	var r reply
	err := ask(ctx, s.client, http.MethodGet, s.url, &r)
	return Carts{Added: s.added, Found: r.Items, Pods: len(s.pods)}, err
}

// pause waits, or until ctx ends.
func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
