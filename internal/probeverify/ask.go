package probeverify

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"
)

// Endpoint is one of the three questions.
type Endpoint string

// The three questions, in the order in which a pod's life asks them.
const (
	Started Endpoint = "started"
	Ready   Endpoint = "ready"
	Live    Endpoint = "live"
)

// Endpoints are the three questions in order.
var Endpoints = []Endpoint{Started, Ready, Live}

// Probe is how the kubelet asks one question. Period, Timeout and Failures are those of the probe; see Defaults.
type Probe struct {
	URL              string      // http or https
	Header           http.Header // httpHeaders of the probe; "Host" is obeyed
	Period, Timeout  time.Duration
	FailureThreshold int
}

// Defaults are the figures of the golden path for each question.
var Defaults = map[Endpoint]Probe{
	Started: {Period: 10 * time.Second, Timeout: 3 * time.Second, FailureThreshold: 30},
	Ready:   {Period: 5 * time.Second, Timeout: 2 * time.Second, FailureThreshold: 3},
	Live:    {Period: 20 * time.Second, Timeout: 5 * time.Second, FailureThreshold: 3},
}

// Outcome is what the kubelet makes of an answer (k8s.io/kubernetes/pkg/probe/http v1.36.3, DoHTTPProbe).
type Outcome int

const (
	// Good is a status of 200 to 299, or a redirect within the host that ended in one: success.
	Good Outcome = iota
	// Warned is a status of 300 to 399 that was not followed. The kubelet counts it as success.
	Warned
	// Bad is any other status: failure.
	Bad
	// Refused is no answer because the connection failed: failure.
	Refused
	// TimedOut is no answer within the timeout: failure.
	TimedOut
	// Discarded is an answer whose body could not be read to its end, or not in time. The kubelet asks three times, then forgets that it asked:
	// neither success nor failure.
	Discarded
)

// Passes reports whether the kubelet counts it as success.
func (o Outcome) Passes() bool { return o == Good || o == Warned }

// Fails reports whether the kubelet counts it as failure.
func (o Outcome) Fails() bool { return o == Bad || o == Refused || o == TimedOut }

// Answer is one question and what came back.
type Answer struct {
	At      time.Time     // when it was asked
	Took    time.Duration // to the last byte that was read
	Outcome Outcome
	Code    int    // status, 0 without one
	Detail  string // the error; "" without one
	Bytes   int    // of the body, at most maxBody
	Cut     bool   // the body was longer than maxBody
	Hops    []string
	Proto   string
}

// String says what was answered: a status, or why there was none.
func (a Answer) String() string {
	switch a.Outcome {
	case Refused:
		return "refused"
	case TimedOut:
		return "timeout"
	case Discarded:
		return fmt.Sprintf("%d without its end", a.Code)
	}
	return fmt.Sprint(a.Code)
}

// How the kubelet asks: pkg/probe/http and pkg/kubelet/prober of v1.36.3.
const (
	maxBody     = 10 << 10 // what it reads of a body; more is no failure
	maxHops     = 10       // redirects within one host
	maxHop      = 500      // what is kept of where a redirect leads
	maxAttempts = 3        // when the body cannot be read
	userAgent   = "kube-probe/1.36"
	// The kubelet takes ten times that, of one answer; here a hundred may be under way. A health endpoint has neither.
	maxHeader = 1 << 20
)

// dialer opens connections; nil means the network.
type dialer func(ctx context.Context, network, address string) (net.Conn, error)

// asker asks as the kubelet does: a new connection each time, no proxy, no verification of certificates, the timeout over everything
// including redirects and the body.
type asker struct {
	dial      dialer
	keepAlive bool // not as the kubelet does: for comparison only
	transport *http.Transport
}

func newAsker(dial dialer, keepAlive bool) *asker {
	if dial == nil {
		dial = (&net.Dialer{Control: lingerOneSecond}).DialContext
	}
	return &asker{dial: dial, keepAlive: keepAlive, transport: &http.Transport{
		TLSClientConfig:    &tls.Config{InsecureSkipVerify: true}, //nolint:gosec // as the kubelet does
		DisableKeepAlives:  !keepAlive,
		DisableCompression: true,
		DialContext:        dial,
		Proxy:              nil,

		MaxResponseHeaderBytes: maxHeader,
	}}
}

// ask asks once. The error is that of a URL which cannot be asked at all; no answer is an Answer.
func (k *asker) ask(ctx context.Context, p Probe) (Answer, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, p.URL, nil)
	if err != nil {
		return Answer{}, err
	}
	req.Header = http.Header{}
	for name, values := range p.Header {
		req.Header[http.CanonicalHeaderKey(name)] = values
	}
	if _, ok := req.Header["User-Agent"]; !ok {
		req.Header.Set("User-Agent", userAgent)
	}
	if v, ok := req.Header["Accept"]; !ok {
		req.Header.Set("Accept", "*/*")
	} else if len(v) == 0 || v[0] == "" {
		req.Header.Del("Accept")
	}
	req.Host = req.Header.Get("Host")
	req.Header.Del("Host") // as the transport does

	a := Answer{At: time.Now()}
	client := &http.Client{Transport: k.transport, Timeout: p.Timeout, CheckRedirect: func(r *http.Request, via []*http.Request) error {
		hop := r.URL.String()
		a.Hops = append(a.Hops, hop[:min(len(hop), maxHop)])
		switch {
		case r.URL.Hostname() != via[0].URL.Hostname():
			return http.ErrUseLastResponse
		case len(via) >= maxHops:
			return fmt.Errorf("stopped after %d redirects", maxHops)
		}
		return nil
	}}
	res, err := client.Do(req)
	if err != nil {
		a.Took, a.Detail = time.Since(a.At), plain(err)
		if a.Outcome = Refused; timedOut(err) {
			a.Outcome = TimedOut
		}
		return a, nil
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, maxBody))
	a.Took, a.Code, a.Bytes, a.Cut, a.Proto = time.Since(a.At), res.StatusCode, len(body), len(body) == maxBody, res.Proto
	switch {
	case err != nil:
		a.Outcome, a.Detail = Discarded, plain(err)
	case a.Code >= 200 && a.Code < 300:
		a.Outcome = Good
	case a.Code >= 300 && a.Code < 400:
		a.Outcome = Warned
	default:
		a.Outcome = Bad
	}
	if k.keepAlive { // what is left would close the connection
		_, _ = io.CopyN(io.Discard, res.Body, 1<<20)
	}
	return a, nil
}

// run asks as one run of a probe does: up to three times while the body cannot be read.
func (k *asker) run(ctx context.Context, p Probe) (a Answer, err error) {
	for range maxAttempts {
		if a, err = k.ask(ctx, p); err != nil || a.Outcome != Discarded {
			return a, err
		}
	}
	return a, nil
}

func timedOut(err error) bool {
	e, ok := errors.AsType[net.Error](err)
	return ok && e.Timeout() || errors.Is(err, context.DeadlineExceeded)
}

// plain is an error without the operation and the URL, which are said already.
func plain(err error) string {
	if e, ok := errors.AsType[*url.Error](err); ok {
		err = e.Err
	}
	if e, ok := errors.AsType[*net.OpError](err); ok && e.Err != nil {
		err = e.Err
	}
	return err.Error()
}
