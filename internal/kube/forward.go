package kube

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/portforward"
	"k8s.io/client-go/transport/spdy"
	"k8s.io/streaming/pkg/httpstream"
)

// Dial opens a connection to a port of a pod through the API server, as kubectl port-forward does: what arrives comes over the pod's loopback.
// Each connection is one of its own, so that a port that refuses ends no other. The user needs create on pods/portforward. Deadlines are not
// supported; closing ends a read. That nothing listens is the error of the first read.
func (c *Client) Dial(ctx context.Context, namespace, pod string, port int) (net.Conn, error) {
	dialer, err := c.forwarder(namespace, pod)
	if err != nil {
		return nil, err
	}
	type opened struct {
		conn httpstream.Connection
		err  error
	}
	done := make(chan opened, 1)
	go func() { // it knows no context
		conn, _, err := dialer.Dial(portforward.PortForwardProtocolV1Name)
		done <- opened{conn, err}
	}()
	select {
	case <-ctx.Done():
		go func() {
			if o := <-done; o.err == nil {
				o.conn.Close()
			}
		}()
		return nil, ctx.Err()
	case o := <-done:
		if o.err != nil {
			return nil, o.err
		}
		f, err := forward(o.conn, pod, port)
		if err != nil {
			o.conn.Close()
		}
		return f, err
	}
}

// forwarder speaks WebSockets, and SPDY with API servers before 1.31.
func (c *Client) forwarder(namespace, pod string) (httpstream.Dialer, error) {
	url := c.rest.Post().AbsPath("/api/v1/namespaces/" + namespace + "/pods/" + pod + "/portforward").URL()
	config := rest.CopyConfig(c.streams)
	sockets, err := portforward.NewSPDYOverWebsocketDialerForStreaming(url, config)
	if err != nil {
		return nil, err
	}
	transport, upgrader, err := spdy.RoundTripperFor(config)
	if err != nil {
		return nil, err
	}
	old := spdy.NewDialerForStreaming(upgrader, &http.Client{Transport: transport}, http.MethodPost, url)
	return portforward.NewFallbackDialerForStreaming(sockets, old, func(err error) bool {
		return httpstream.IsUpgradeFailure(err) || httpstream.IsHTTPSProxyError(err)
	}), nil
}

// forwarded is one connection to a port of a pod.
type forwarded struct {
	httpstream.Stream
	conn   httpstream.Connection
	remote forwardedAddr
	failed chan error // what the kubelet said of it in the end, nil when nothing
	once   sync.Once
	heard  bool
}

type forwardedAddr string

func (forwardedAddr) Network() string  { return "tcp" }
func (a forwardedAddr) String() string { return string(a) }

// forward opens the two streams of the protocol: one for the bytes and one for what went wrong.
func forward(conn httpstream.Connection, pod string, port int) (*forwarded, error) {
	header := http.Header{}
	header.Set(corev1.StreamType, corev1.StreamTypeError)
	header.Set(corev1.PortHeader, strconv.Itoa(port))
	header.Set(corev1.PortForwardRequestIDHeader, "0")
	errs, err := conn.CreateStream(header)
	if err != nil {
		return nil, err
	}
	errs.Close() // nothing is written to it
	header.Set(corev1.StreamType, corev1.StreamTypeData)
	data, err := conn.CreateStream(header)
	if err != nil {
		return nil, err
	}
	f := &forwarded{Stream: data, conn: conn, remote: forwardedAddr(fmt.Sprintf("%s:%d", pod, port)), failed: make(chan error, 1)}
	go func() {
		if text, err := io.ReadAll(io.LimitReader(errs, maxWhole)); err == nil && len(text) > 0 {
			f.failed <- errors.New(refusal(string(text)))
		}
		close(f.failed)
	}()
	return f, nil
}

// refusal shortens what container runtimes say when nothing listens.
func refusal(text string) string {
	if strings.Contains(text, "connection refused") {
		return "connection refused"
	}
	return strings.Join(strings.Fields(text), " ")
}

// Read reads. The end of a connection that never was is the reason why.
func (f *forwarded) Read(b []byte) (int, error) {
	n, err := f.Stream.Read(b)
	if f.heard = f.heard || n > 0; n > 0 || err == nil || f.heard {
		return n, err
	}
	select {
	case failed := <-f.failed:
		if failed != nil {
			return 0, failed
		}
	case <-time.After(time.Second):
	}
	return 0, err
}

// Close ends the connection, and with it whatever still reads.
func (f *forwarded) Close() (err error) {
	f.once.Do(func() {
		_ = f.Stream.Reset()
		err = f.conn.Close()
	})
	return err
}

func (f *forwarded) LocalAddr() net.Addr                { return forwardedAddr("") }
func (f *forwarded) RemoteAddr() net.Addr               { return f.remote }
func (f *forwarded) SetDeadline(time.Time) error        { return nil }
func (f *forwarded) SetReadDeadline(t time.Time) error  { return nil }
func (f *forwarded) SetWriteDeadline(t time.Time) error { return nil }

var _ net.Conn = (*forwarded)(nil)
