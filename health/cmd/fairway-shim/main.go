package main

import (
	"context"
	"crypto/tls"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/fairway-k8s/fairway/health"
)

// config is what the flags say.
type config struct {
	target, main                 *url.URL
	listen                       string
	boot, every, timeout, budget time.Duration
	header                       http.Header
	reasons                      bool
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends it
	os.Exit(run(ctx, os.Args[1:], os.Getenv, os.Stderr))
}

// run is the program: 0 when it was told to stop and did, 1 when it could not run, 2 when the command line is wrong. The end of ctx is
// SIGTERM.
func run(ctx context.Context, args []string, env func(string) string, out io.Writer) int {
	c, err := parse(args, env, out)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	} else if err != nil {
		fmt.Fprintln(out, "fairway-shim:", err)
		return 2
	}
	log := slog.New(slog.NewTextHandler(out, nil))
	if err := c.serve(ctx, log); err != nil {
		fmt.Fprintln(out, "fairway-shim:", err)
		return 1
	}
	return 0
}

func parse(args []string, env func(string) string, out io.Writer) (*config, error) {
	c := &config{header: http.Header{"User-Agent": {"fairway-shim"}}}
	flags := flag.NewFlagSet("fairway-shim", flag.ContinueOnError)
	flags.SetOutput(out)
	target := flags.String("target", "", "the application's health `URL`, such as http://127.0.0.1:8080/health")
	port := flags.String("main", "", "`URL` of the port whose progress is watched, http://HOST:PORT/PATH or tcp://HOST:PORT (default: the target's, path /)")
	flags.StringVar(&c.listen, "listen", ":8081", "`address` where the three truths are told")
	flags.DurationVar(&c.boot, "boot", 10*time.Minute, "how long the application may boot before live is false")
	flags.DurationVar(&c.every, "every", 2*time.Second, "how often the health URL is asked")
	flags.DurationVar(&c.timeout, "timeout", time.Second, "how long the health URL may take, to the last byte")
	flags.DurationVar(&c.budget, "budget", 20*time.Second, "for how long the main port may not move before live is false")
	flags.BoolVar(&c.reasons, "reasons", false, "answers to ?verbose say why")
	flags.Func("header", "`KEY=VALUE` for the health URL; $NAME in the value is an environment variable", func(text string) error {
		key, value, ok := strings.Cut(text, "=")
		if !ok || key == "" || strings.ContainsAny(key, " :\r\n") {
			return errors.New("write KEY=VALUE, such as Authorization=Bearer $TOKEN")
		}
		missing := ""
		value = os.Expand(value, func(name string) string {
			v := env(name)
			if v == "" {
				missing = name
			}
			return v
		})
		if missing != "" {
			return fmt.Errorf("the environment has no %s", missing)
		}
		if value = strings.TrimSpace(value); strings.ContainsAny(value, "\r\n\x00") {
			return fmt.Errorf("the value of %s has more than one line", key)
		}
		c.header.Add(key, value)
		return nil
	})
	if err := flags.Parse(args); err != nil {
		return nil, err
	}
	if flags.NArg() > 0 {
		return nil, fmt.Errorf("nothing is known of %q: there are flags only", flags.Arg(0))
	}
	var err error
	if c.target, err = parseURL(*target); err != nil || c.target.Scheme != "http" && c.target.Scheme != "https" {
		return nil, fmt.Errorf("--target=%s is no URL to ask: write --target=http://127.0.0.1:PORT/PATH, the application's health URL", secretless(*target))
	}
	c.main = &url.URL{Scheme: c.target.Scheme, Host: c.target.Host, Path: "/"}
	if *port != "" {
		if c.main, err = parseURL(*port); err != nil || c.main.Scheme == "tcp" && c.main.Port() == "" {
			return nil, fmt.Errorf("--main=%s is no port to watch: write http://127.0.0.1:PORT/ or, when it does not speak HTTP, tcp://127.0.0.1:PORT", secretless(*port))
		}
	}
	if s := c.main.Scheme; s != "http" && s != "https" && s != "tcp" {
		return nil, fmt.Errorf("--main=%s: there are http, https and tcp", c.main.Redacted())
	}
	if !local(c.main.Hostname()) {
		return nil, fmt.Errorf("--main=%s is not in this pod, and restarting the application would not help another: write 127.0.0.1", c.main.Redacted())
	}
	if c.listen == "" {
		return nil, errors.New("--listen names no address: write --listen=:8081")
	}
	if c.boot <= 0 || c.every < often || c.timeout <= 0 || c.budget < 100*time.Millisecond {
		return nil, fmt.Errorf("--boot and --timeout take some time, --every at least %s, and --budget at least 100ms", often)
	}
	return c, nil
}

// often is how often the application may be asked: a slip of units would make the shim a load.
const often = 10 * time.Millisecond

// parseURL reads a URL with a host, and a port that there can be.
func parseURL(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	if err != nil {
		return nil, err
	}
	if u.Hostname() == "" {
		return nil, errors.New("it has no host")
	}
	if port := u.Port(); port != "" {
		if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
			return nil, fmt.Errorf("there is no port %s", port)
		}
	}
	return u, nil
}

// secretless is a URL that may be none, without what may be a password. The command line is read by few, and the log by many.
func secretless(text string) string {
	if at := strings.LastIndexByte(text, '@'); at >= 0 {
		return "..." + text[at:]
	}
	return text
}

func local(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// portOf is the port of a URL, its scheme's when it says none.
func portOf(u *url.URL) string {
	if port := u.Port(); port != "" {
		return port
	}
	return map[string]string{"http": "80", "https": "443"}[u.Scheme]
}

// serve tells the truths until ctx has ended and the application too.
func (c *config) serve(ctx context.Context, log *slog.Logger) error {
	h := health.New(health.Options{Boot: c.boot, Reasons: c.reasons, Log: log})
	defer h.Close()
	addr, err := h.Listen(c.listen)
	if err != nil {
		return fmt.Errorf("%w: is another container of the pod there? write --listen=:PORT", err)
	}
	for flag, u := range map[string]*url.URL{"--target": c.target, "--main": c.main} {
		if a, ok := addr.(*net.TCPAddr); ok && local(u.Hostname()) && portOf(u) == strconv.Itoa(a.Port) {
			return fmt.Errorf("%s=%s: the shim would ask itself, as it listens there: name the application's port", flag, u.Redacted())
		}
	}
	log.Info("listening", "address", addr.String(), "target", c.target.Redacted(), "main", c.main.Redacted())
	if c.main.Scheme == "tcp" {
		go c.knock(ctx, h.Loop("main", c.budget))
	} else {
		h.Server("main", c.main.String(), c.budget, http.NotFoundHandler()) // it is another process that serves: this one only asks
	}
	client := http.Client{
		Timeout:       c.timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{DisableKeepAlives: true, MaxResponseHeaderBytes: longest,
			TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}, // as kubelet asks
	}
	h.Check(health.Check{Name: "target", Interval: c.every, Timeout: c.timeout + time.Second, Failures: 1, Func: func(ctx context.Context) error {
		err := c.ask(ctx, &client)
		if err == nil {
			h.Started()
		}
		return err
	}})
	<-ctx.Done()
	h.Drain()
	log.Info("told to stop: not ready, and answering until the application has ended")
	for c.dial() == nil {
		time.Sleep(200 * time.Millisecond)
	}
	return nil
}

// longest is how much is read of a body, and of headers: the shim has 32 MiB.
const longest = 64 << 10

// ask asks the application's health URL.
func (c *config) ask(ctx context.Context, client *http.Client) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, c.target.String(), nil)
	if err != nil {
		return err
	}
	request.Header = c.header
	request.Host = c.header.Get("Host") // "" is the URL's
	response, err := client.Do(request)
	if os.IsTimeout(err) {
		return fmt.Errorf("no answer within %s", c.timeout)
	} else if err != nil {
		return err
	}
	defer response.Body.Close()
	if _, err := io.CopyN(io.Discard, response.Body, longest); os.IsTimeout(err) {
		return fmt.Errorf("%s, and the body did not end within %s", response.Status, c.timeout)
	} else if err != nil && err != io.EOF {
		return fmt.Errorf("%s, and the body broke off: %w", response.Status, err)
	}
	switch code := response.StatusCode; {
	case code >= 200 && code < 300:
		return nil
	case code >= 300 && code < 400:
		return fmt.Errorf("%s to %s, which is not followed: name the health URL itself with --target", response.Status, response.Header.Get("Location"))
	case code == http.StatusUnauthorized || code == http.StatusForbidden:
		return fmt.Errorf("%s: it wants to know who asks, say so with --header", response.Status)
	default:
		return errors.New(response.Status)
	}
}

// knock beats while a port that does not speak HTTP accepts connections.
func (c *config) knock(ctx context.Context, loop *health.Loop) {
	for ctx.Err() == nil {
		if c.dial() == nil {
			loop.Beat()
		}
		time.Sleep(c.budget / 4)
	}
}

// dial reports whether the main port accepts.
func (c *config) dial() error {
	conn, err := net.DialTimeout("tcp", net.JoinHostPort(c.main.Hostname(), portOf(c.main)), max(c.budget/4, time.Second))
	if err != nil {
		return err
	}
	return conn.Close()
}
