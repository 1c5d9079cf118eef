package kube

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/rest"
)

// tlsConfigOf returns the PEM text of the certificate that a client shows; nil when it shows none.
func tlsConfigOf(config *rest.Config) ([]byte, error) {
	c := rest.CopyConfig(config)
	if err := rest.LoadTLSFiles(c); err != nil {
		return nil, err
	}
	return c.CertData, nil
}

// Version returns the API server's version, such as 1.36. The error is a *problem.Problem.
func (c *Client) Version(ctx context.Context) (string, error) {
	raw, err := c.get(ctx, "/version", "application/json")
	if err != nil {
		return "", c.unreachable(ctx, err)
	}
	var v struct{ GitVersion string }
	if err := json.Unmarshal(raw, &v); err != nil {
		return "", c.unreachable(ctx, fmt.Errorf("%w: /version: %w", errNoKubernetes, err))
	}
	return v.GitVersion, nil
}

// Events calls each for the events of a namespace, "" for all, in the order in which the API server keeps them. Events expire, after an
// hour by default: that there is none says nothing. The error is the API server's (k8s.io/apimachinery/pkg/api/errors) or each's.
func (c *Client) Events(ctx context.Context, namespace string, each func(*corev1.Event) error) error {
	return c.Each(ctx, "", "v1", "events", namespace, func(raw json.RawMessage) error {
		e := &corev1.Event{}
		if err := json.Unmarshal(raw, e); err != nil {
			return fmt.Errorf("read an event: %w", err)
		}
		e.ManagedFields = nil
		return each(e)
	})
}

// LogOptions say which log.
type LogOptions struct {
	Namespace, Pod, Container string
	Previous                  bool  // of the run before the present one
	TailLines                 int64 // 0: all
	LimitBytes                int64 // 0: no limit
}

// Logs opens the log of a container. Whoever called closes it. The error is the API server's: not found, forbidden, or bad request for a
// container that has not started.
func (c *Client) Logs(ctx context.Context, o LogOptions) (io.ReadCloser, error) {
	r := c.rest.Get().AbsPath("/api/v1/namespaces/"+o.Namespace+"/pods/"+o.Pod+"/log").Param("container", o.Container)
	if o.Previous {
		r.Param("previous", "true")
	}
	if o.TailLines > 0 {
		r.Param("tailLines", strconv.FormatInt(o.TailLines, 10))
	}
	if o.LimitBytes > 0 {
		r.Param("limitBytes", strconv.FormatInt(o.LimitBytes, 10))
	}
	return r.Stream(ctx)
}
