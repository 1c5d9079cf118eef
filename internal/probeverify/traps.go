package probeverify

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
)

// traps are the rows about the protocol. They are about answers of a healthy application.
var traps = []check{
	{id: "last-byte", title: "time to the last byte, 100 at once", kind: Trap, run: lastByte, cost: func(Times) time.Duration { return 3 * time.Second }},
	{id: "whole-body", title: "stalled or cut body", kind: Trap, run: wholeBody, cost: second},
	{id: "redirect", title: "redirects", kind: Trap, run: redirect, cost: second},
	{id: "auth", title: "authentication", kind: Trap, run: auth, cost: second},
	{id: "big-body", title: "body over 10 KiB", kind: Trap, run: bigBody, cost: second},
	{id: "keep-alive", title: "connection kept or closed", kind: Trap, run: keepAlive, cost: second},
	{id: "host", title: "Host routing", kind: Trap, run: hostRouting, cost: second},
	{id: "tls", title: "TLS", kind: Trap, run: speaksTLS, cost: second},
	{id: "loopback", title: "reachable from outside", kind: Trap, process: true, run: loopback, cost: second},
	{id: "ipv6", title: "IPv6", kind: Trap, process: true, run: ipv6, cost: second},
	{id: "fan-out", title: "questions passed on to the dependency", kind: Trap, process: true, each: true, run: fanOut, cost: func(Times) time.Duration { return 3 * time.Second }},
}

func second(Times) time.Duration { return time.Second }

// plainly returns what an endpoint answers when it is asked as the kubelet asks, once for all traps: one that stalls costs its timeout each time.
func (b *bench) plainly(ctx context.Context, e Endpoint, p Probe) (Answer, error) {
	if a, ok := b.plain[e]; ok {
		return a, nil
	}
	a, err := b.asker.run(ctx, p)
	if err == nil && ctx.Err() == nil {
		if b.plain == nil {
			b.plain = map[Endpoint]Answer{}
		}
		b.plain[e] = a
	}
	return a, err
}

// trap asks each endpoint once in a way of its own and judges the answer.
func (b *bench) trap(ctx context.Context, r *Row, want string, ask func(Endpoint, Probe) (seen string, f *Fault, err error)) error {
	if err := b.runs(ctx); err != nil {
		return err
	}
	for _, e := range Endpoints {
		p, ok := b.Probes[e]
		if !ok {
			continue
		}
		seen, f, err := ask(e, p)
		if err != nil {
			return err
		}
		r.cell(e, want, seen, f)
	}
	return nil
}

// runs makes sure that something answers, well or not: traps are also what keeps an application from being healthy.
func (b *bench) runs(ctx context.Context) error {
	if len(b.plain) == len(b.Probes) && (b.app == nil || b.app.alive()) {
		return nil // it has answered already
	}
	if b.app == nil && len(b.Command) > 0 {
		if err := b.start(nil); err != nil {
			return err
		}
	}
	var last Answer
	closed := 0 // endpoints where nobody listens
	if until(ctx, b.Times.Boot, func() bool {
		closed = 0
		for _, e := range Endpoints {
			if p, ok := b.Probes[e]; ok {
				a, err := b.asker.ask(ctx, p)
				refused := a.Outcome == Refused && strings.Contains(a.Detail, "refused")
				if last = a; err != nil || refused && b.app != nil {
					return b.app != nil && !b.app.alive()
				}
				if refused {
					closed++
				}
			}
		}
		return b.dead != nil || b.healthy1(ctx) || b.app != nil && time.Since(b.app.started) > b.settled() || len(b.Command) == 0
	}) && (b.app == nil || b.app.alive()) && closed < len(b.Probes) {
		return nil
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if closed > 0 {
		return notChecked("nobody listens there: %s", saidOf(last))
	}
	if b.app != nil && !b.app.alive() {
		return notChecked("it does not run: it %s", b.app.end())
	}
	return notChecked("nothing answers within %s: %s", brief(b.Times.Boot), saidOf(last))
}

// settled is after how long an application that never gets healthy is asked as it is.
func (b *bench) settled() time.Duration { return min(b.Times.Boot, 2*time.Second) }

// together is how many questions come at once in the row last-byte: kubelet, mesh, load balancers and people.
const together = 100

// lastByte asks a hundred times at once.
func lastByte(ctx context.Context, b *bench, r *Row) error {
	if b.Remote != "" {
		return notChecked("%s takes longer than the answers do", b.Remote)
	}
	if err := b.up(ctx); err != nil {
		return err
	}
	for _, e := range Endpoints {
		p, ok := b.Probes[e]
		if !ok {
			continue
		}
		limit := p.Timeout * 8 / 10
		h := b.burst(ctx, p)
		bad, slowest := wrong(h), quantile(h, 0.98)
		text := fmt.Sprintf("%s, the last in %s", seen(h, time.Time{}), brief(slowest))
		var f *Fault
		switch {
		case bad >= 0:
			f = &Fault{What: fmt.Sprintf("%s answers %s when it is asked %d times at once", e, saidOf(h[bad]), together), Fleet: b.episode(e, h[bad], 0, "others ask too,")}
		case slowest > limit:
			f = &Fault{What: fmt.Sprintf("%s takes up to %s when it is asked %d times at once; its timeout is %s", e, brief(slowest), together, brief(p.Timeout)),
				Fleet: b.episode(e, Answer{Outcome: TimedOut}, 0, "others ask too,")}
		}
		if f != nil {
			f.Next = "make the answer beforehand: no lock, no work and no other service on the way of a question"
		}
		r.cell(e, "200 within "+brief(limit), text, f)
	}
	return nil
}

// burst asks a hundred times at once.
func (b *bench) burst(ctx context.Context, p Probe) []Answer {
	all := make([]Answer, together)
	var wg sync.WaitGroup
	for i := range all {
		wg.Go(func() { all[i], _ = b.asker.ask(ctx, p) })
	}
	wg.Wait()
	return all
}

// wholeBody asks whether answers end.
func wholeBody(ctx context.Context, b *bench, r *Row) error {
	return b.trap(ctx, r, "an answer with its end", func(e Endpoint, p Probe) (string, *Fault, error) {
		a, err := b.plainly(ctx, e, p)
		if err != nil || a.Outcome != Discarded {
			return a.String(), nil, err
		}
		how := fmt.Sprintf("the body is cut off (%s)", a.Detail)
		if a.Took >= p.Timeout*9/10 {
			how = fmt.Sprintf("the body does not end within %s", brief(p.Timeout))
		}
		return a.String(), &Fault{What: fmt.Sprintf("%s answers %d, and %s", e, a.Code, how),
			Fleet: forgotten[e], Next: "send small answers whole, with Content-Length, and nothing after them"}, nil
	})
}

// redirect asks whether another URL answers.
func redirect(ctx context.Context, b *bench, r *Row) error {
	return b.trap(ctx, r, "no redirect", func(e Endpoint, p Probe) (string, *Fault, error) {
		a, err := b.plainly(ctx, e, p)
		if err != nil || len(a.Hops) == 0 && a.Outcome != Warned {
			return a.String(), nil, err
		}
		f := &Fault{Next: "answer 200 or 503 at the URL that is asked; leave health endpoints out of redirects to https and to logins"}
		to := ""
		if n := len(a.Hops); n > 0 {
			to = a.Hops[n-1]
		}
		switch {
		case a.Outcome == Warned && to != "":
			f.What = fmt.Sprintf("%s is sent on to another host, %s, which nobody asks", e, to)
			f.Fleet = "the kubelet counts that as success: " + alwaysTrue(e)
		case a.Outcome == Warned:
			f.What = fmt.Sprintf("%s answers %d", e, a.Code)
			f.Fleet = "the kubelet counts that as success: " + alwaysTrue(e)
		default:
			f.What = fmt.Sprintf("%s is sent on to %s, whose answer (%s) counts", e, to, a)
			f.Fleet = "what answers is not the application's state but another page, a login for example: " + alwaysTrue(e)
		}
		return fmt.Sprintf("%s to %s", status(a), to), f, nil
	})
}

func status(a Answer) string {
	if a.Outcome == Warned {
		return fmt.Sprint(a.Code)
	}
	return "redirect"
}

// alwaysTrue says what it means that an endpoint cannot fail.
func alwaysTrue(e Endpoint) string {
	return map[Endpoint]string{
		Started: "containers count as started while they boot",
		Ready:   "requests are sent to pods that cannot serve them",
		Live:    "a pod that is stuck for good is never restarted",
	}[e]
}

// auth asks without a password, as the kubelet does.
func auth(ctx context.Context, b *bench, r *Row) error {
	return b.trap(ctx, r, "200 without a password", func(e Endpoint, p Probe) (string, *Fault, error) {
		a, err := b.plainly(ctx, e, p)
		if err != nil || a.Code != http.StatusUnauthorized && a.Code != http.StatusForbidden && a.Code != http.StatusProxyAuthRequired {
			return a.String(), nil, err
		}
		return a.String(), &Fault{What: fmt.Sprintf("%s answers %d to who has no password", e, a.Code), Fleet: "the kubelet has none: " + b.always(e, a),
			Next: "leave health endpoints out of authentication, on a listener that only the cluster reaches"}, nil
	})
}

// bigBody asks whether an answer is larger than the kubelet reads.
func bigBody(ctx context.Context, b *bench, r *Row) error {
	return b.trap(ctx, r, "10 KiB at most", func(e Endpoint, p Probe) (string, *Fault, error) {
		a, err := b.plainly(ctx, e, p)
		if err != nil || !a.Cut {
			return fmt.Sprintf("%d bytes", a.Bytes), nil, err
		}
		return "more than 10 KiB", &Fault{What: fmt.Sprintf("%s answers more than the 10 KiB that the kubelet reads", e),
			Fleet: fmt.Sprintf("it hangs up in the middle, %d times an hour and pod: work for nothing, and an error in the application's log each time", int(time.Hour/p.Period)),
			Next:  "answer a word; details belong to a URL for people, such as ?verbose"}, nil
	})
}

// keepAlive asks over a connection that is kept and one that is closed.
func keepAlive(ctx context.Context, b *bench, r *Row) error {
	kept := newAsker(b.Dial, true)
	defer kept.transport.CloseIdleConnections()
	return b.trap(ctx, r, "the same either way", func(e Endpoint, p Probe) (string, *Fault, error) {
		closed, err := b.plainly(ctx, e, p)
		if err != nil || closed.Outcome == Discarded {
			return closed.String(), nil, err
		}
		var open Answer
		for range 2 { // the second one comes over the connection of the first
			if open, err = kept.ask(ctx, p); err != nil {
				return "", nil, err
			}
		}
		if closed.String() == open.String() {
			return closed.String(), nil, nil
		}
		return fmt.Sprintf("%s closed, %s kept", closed, open), &Fault{What: fmt.Sprintf("%s answers %s to a connection that is closed after it and %s to one that is kept", e, saidOf(closed), saidOf(open)),
			Fleet: "curl shows people one answer and the kubelet, which opens a connection for each question, gets the other: " + b.always(e, worse(closed, open)),
			Next:  "look at what handles Connection: close, a proxy in the container perhaps"}, nil
	})
}

// worse returns the answer that fails.
func worse(a, b Answer) Answer {
	if fails(a) {
		return a
	}
	return b
}

// better returns the answer that passes.
func better(a, b Answer) Answer {
	if fails(a) {
		return b
	}
	return a
}

// podHost is an address as pods have them: what the kubelet sends as Host.
const podHost = "10.244.17.23"

// hostRouting asks under the name that the kubelet uses, the pod's address.
func hostRouting(ctx context.Context, b *bench, r *Row) error {
	return b.trap(ctx, r, "the same for a pod's address", func(e Endpoint, p Probe) (string, *Fault, error) {
		if p.Header.Get("Host") != "" {
			return "Host " + p.Header.Get("Host") + " is the probe's own", nil, nil
		}
		mine, err := b.plainly(ctx, e, p)
		if err != nil {
			return "", nil, err
		}
		port := ""
		if u, err := url.Parse(p.URL); err == nil && u.Port() != "" {
			port = ":" + u.Port()
		}
		// Asked at a pod's address already, one that fails is asked under a name that everything listens to.
		host := podHost
		if fails(mine) {
			host = "localhost"
		}
		p.Header = p.Header.Clone()
		if p.Header == nil {
			p.Header = http.Header{}
		}
		p.Header.Set("Host", host+port)
		other, err := b.asker.ask(ctx, p)
		if err != nil || mine.Outcome != Bad && other.Outcome != Bad || mine.Code == other.Code {
			return mine.String(), nil, err
		}
		pods := worse(mine, other)
		return pods.String(), &Fault{What: fmt.Sprintf("%s answers %s under another name and %s under a pod's address", e, better(mine, other), pods),
			Fleet: "the kubelet asks under the pod's address: " + b.always(e, pods),
			Next:  "let health endpoints answer to any Host, or give the probe a Host header in httpHeaders"}, nil
	})
}

// speaksTLS asks whether the scheme is the right one and no certificate is asked for.
func speaksTLS(ctx context.Context, b *bench, r *Row) error {
	return b.trap(ctx, r, "an answer in its scheme", func(e Endpoint, p Probe) (string, *Fault, error) {
		a, err := b.plainly(ctx, e, p)
		if err != nil || passes(a) {
			return a.String(), nil, err
		}
		u, err := url.Parse(p.URL)
		if err != nil {
			return "", nil, err
		}
		next := "scheme: HTTPS in the probe, or answer health endpoints without TLS"
		if u.Scheme == "http" {
			if !b.handshakes(ctx, u) {
				return a.String(), nil, nil
			}
			return a.String() + ", and it speaks TLS", &Fault{What: fmt.Sprintf("%s is asked without TLS, and its port speaks TLS", e), Fleet: b.always(e, a), Next: next}, nil
		}
		if a.Outcome != Refused || !strings.Contains(a.Detail, "tls") && !strings.Contains(a.Detail, "HTTP response to HTTPS") {
			return a.String(), nil, nil
		}
		what := fmt.Sprintf("%s is asked with TLS, which fails: %s", e, a.Detail)
		if strings.Contains(a.Detail, "certificate required") || strings.Contains(a.Detail, "bad certificate") {
			what, next = fmt.Sprintf("%s asks for a client's certificate, and the kubelet has none", e), "ask for no certificate there, or put health endpoints on a listener of their own"
		} else if strings.Contains(a.Detail, "HTTP response to HTTPS") {
			what, next = fmt.Sprintf("%s is asked with TLS, and its port does not speak it", e), "scheme: HTTP in the probe"
		}
		return a.String(), &Fault{What: what, Fleet: b.always(e, a), Next: next}, nil
	})
}

// handshakes reports whether a port speaks TLS.
func (b *bench) handshakes(ctx context.Context, u *url.URL) bool {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	c, err := b.asker.dial(ctx, "tcp", addressOf(u))
	if err != nil {
		return false
	}
	defer c.Close()
	return tls.Client(c, &tls.Config{InsecureSkipVerify: true}).HandshakeContext(ctx) == nil //nolint:gosec // as the kubelet does
}

// addressOf is host:port of a URL.
func addressOf(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	return net.JoinHostPort(u.Hostname(), port)
}

// via returns an asker that reaches another address of this machine, whatever the URL says.
func via(host string) *asker {
	d := &net.Dialer{Control: lingerOneSecond}
	return newAsker(func(ctx context.Context, network, address string) (net.Conn, error) {
		_, port, err := net.SplitHostPort(address)
		if err != nil {
			return nil, err
		}
		return d.DialContext(ctx, network, net.JoinHostPort(host, port))
	}, false)
}

// loopback asks at an address of this machine that is not the loopback's: the kubelet asks at the pod's.
func loopback(ctx context.Context, b *bench, r *Row) error {
	outside := ""
	addrs, _ := net.InterfaceAddrs()
	for _, a := range addrs {
		if n, ok := a.(*net.IPNet); ok && n.IP.To4() != nil && n.IP.IsGlobalUnicast() {
			outside = n.IP.String()
			break
		}
	}
	if outside == "" {
		return notChecked("this machine has no address but the loopback's")
	}
	if err := b.onLoopback(); err != nil {
		return err
	}
	return b.elsewhere(ctx, r, outside, "it listens on the loopback address only",
		"the kubelet asks at the pod's address, where nothing answers: ", "listen on all addresses, as in --listen :8081")
}

// ipv6 asks over IPv6.
func ipv6(ctx context.Context, b *bench, r *Row) error {
	l, err := net.Listen("tcp6", "[::1]:0")
	if err != nil {
		return notChecked("this machine has no IPv6")
	}
	l.Close()
	if err := b.onLoopback(); err != nil {
		return err
	}
	return b.elsewhere(ctx, r, "::1", "it does not listen on IPv6",
		"in a cluster whose first family is IPv6 the kubelet asks at that address, where nothing answers: ", "listen on all addresses of both families, as in --listen :8081 rather than 0.0.0.0:8081")
}

// onLoopback refuses URLs that already name an address that is not the loopback's.
func (b *bench) onLoopback() error {
	for _, e := range Endpoints {
		if p, ok := b.Probes[e]; ok {
			u, err := url.Parse(p.URL)
			if err != nil {
				return err
			}
			if !isLoopback(u.Hostname()) {
				return notChecked("it is asked at %s already, which is not the loopback address", u.Hostname())
			}
		}
	}
	return nil
}

// elsewhere asks at another address of this machine.
func (b *bench) elsewhere(ctx context.Context, r *Row, host, what, fleet, next string) error {
	k := via(host)
	return b.trap(ctx, r, "the same at "+host, func(e Endpoint, p Probe) (string, *Fault, error) {
		here, err := b.plainly(ctx, e, p)
		if err != nil || fails(here) {
			return here.String(), nil, err
		}
		there, err := k.run(ctx, p)
		if err != nil || here.Outcome == there.Outcome {
			return there.String(), nil, err
		}
		return there.String(), &Fault{What: fmt.Sprintf("%s answers %s at %s: %s", e, there, host, what), Fleet: fleet + b.always(e, there), Next: next}, nil
	})
}

// fanOut asks often and looks at what that makes a dependency do.
func fanOut(ctx context.Context, b *bench, r *Row) error {
	if err := b.up(ctx); err != nil {
		return err
	}
	p := b.subject
	const asks = 40
	if err := b.connected(ctx, p); err != nil {
		return err
	}
	traffic := func(during func()) (conns, bytes int64) {
		c, n := p.conns.Load(), p.bytes.Load()
		during()
		return p.conns.Load() - c, p.bytes.Load() - n
	}
	for _, e := range Endpoints {
		q, ok := b.Probes[e]
		if !ok {
			continue
		}
		start := time.Now()
		var took time.Duration
		conns, bytes := traffic(func() {
			for range asks {
				_, _ = b.asker.ask(ctx, q)
			}
			took = time.Since(start)
		})
		idleConns, idleBytes := traffic(func() { sleep(ctx, max(took, 200*time.Millisecond)) })
		text, f := "none", (*Fault)(nil)
		if conns-idleConns >= asks*3/4 || bytes-idleBytes >= asks*3/4 {
			text = fmt.Sprintf("%d connections, %d bytes for %d questions", conns, bytes, asks)
			f = &Fault{What: fmt.Sprintf("each question for %s is passed on to %s", e, p.Name),
				Fleet: fmt.Sprintf("%s asks %s %d times an hour, and so does whatever else asks: a thousand pods are %s questions a second that serve nobody",
					"a pod", p.Name, int(time.Hour/q.Period), perSecond(1000, q.Period)),
				Next: "check " + p.Name + " in the background, and answer what was found last"}
		}
		r.cell(e, "no question passed on", text, f)
	}
	return nil
}

func perSecond(n int, period time.Duration) string {
	return strings.TrimSuffix(fmt.Sprintf("%.1f", float64(n)/period.Seconds()), ".0")
}

// Find sorts URLs by the question that their path names, as in /health/started, /readyz or /healthz/live. A URL without a path stands for
// the three of MicroProfile Health below it, and one whose path names none for all three questions.
func Find(urls []string) (map[Endpoint]string, error) {
	found := map[Endpoint]string{}
	put := func(e Endpoint, u string) error {
		if was, ok := found[e]; ok && was != u {
			return fmt.Errorf("%s and %s both look like %s", was, u, e)
		}
		found[e] = u
		return nil
	}
	for _, text := range urls {
		u, err := url.Parse(text)
		if err != nil || u.Host == "" {
			return nil, fmt.Errorf("%q is no URL", text)
		}
		var es []Endpoint
		switch e, ok := named(u.Path); {
		case ok:
			es = []Endpoint{e}
		case strings.Trim(u.Path, "/") == "" || strings.HasSuffix(u.Path, "/"):
			for _, e := range Endpoints {
				v := *u
				v.Path = strings.TrimSuffix(u.Path, "/") + "/" + string(e)
				if strings.Trim(u.Path, "/") == "" {
					v.Path = "/health/" + string(e)
				}
				if err := put(e, v.String()); err != nil {
					return nil, err
				}
			}
		default:
			es = Endpoints
		}
		for _, e := range es {
			if err := put(e, text); err != nil {
				return nil, err
			}
		}
	}
	return found, nil
}

// words are what the last part of a path is called for each question.
var words = map[Endpoint][]string{
	Started: {"started", "start", "startup", "startupz", "startz"},
	Ready:   {"ready", "readyz", "readiness"},
	Live:    {"live", "livez", "liveness", "alive"},
}

// named returns the question that a path names.
func named(path string) (Endpoint, bool) {
	last := path[strings.LastIndexByte(path, '/')+1:]
	for _, e := range Endpoints {
		if slices.Contains(words[e], strings.ToLower(last)) {
			return e, true
		}
	}
	return "", false
}
