package kube

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/problem"
	"github.com/fairway-k8s/fairway/internal/spell"
)

// ExitUnreachable is the exit code of a cluster that could not be asked: it does not answer, its certificate is not good, or it does not
// know who asks.
const ExitUnreachable = 10

// unreachable says why a cluster cannot be asked at all.
func (c *Client) unreachable(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	p := &problem.Problem{What: "the cluster could not be asked", Where: c.where(), Why: reason(err), Exit: ExitUnreachable, Err: err}
	check := "kubectl cluster-info"
	if c.Context != "" {
		check = "kubectl --context " + c.Context + " cluster-info"
	}
	p.Next = "check that the server runs and that this machine reaches it: " + check
	expired, own := c.clientCertificate()
	switch {
	case errors.As(err, new(x509.UnknownAuthorityError)):
		p.What = "the server's certificate is from an authority that the kubeconfig does not name"
		p.Next = "renew certificate-authority-data of the cluster's entry; a proxy that ends TLS on the way has an authority of its own"
	case errors.As(err, new(x509.HostnameError)):
		p.What = "the server's certificate is for other names"
		p.Next = "use a name of the certificate as the cluster's server, or set tls-server-name in its entry"
	case isExpired(err):
		p.What = "the server's certificate has expired, or this machine's clock is wrong"
		p.Next = "compare the clock with the dates; then have the cluster's certificate renewed (kubeadm certs renew)"
	case apierrors.IsUnauthorized(err), anonymous(err), isAlert(err):
		p.What = "the server does not know who asks"
		p.Next = "log in again, or renew the token of the context's user: kubectl config view --minify"
		if own && expired.Before(time.Now()) {
			p.What = "the client certificate of the kubeconfig has expired"
			p.Why = "it was good until " + expired.UTC().Format("2006-01-02 15:04 MST") + "; the server says: " + reason(err)
			p.Next = "have a new one issued, or log in again: kubectl config view --minify names the user"
		}
	case strings.Contains(err.Error(), "getting credentials:"):
		p.What = "no credentials for the cluster could be had"
		p.Next = "run the login of your provider; kubectl config view --minify shows the command that is used"
	case apierrors.IsBadRequest(err) && strings.HasPrefix(c.Server, "http://"):
		p.What = "the cluster refuses what it was asked over plain http"
		p.Next = "write https:// in the server of the cluster's entry: kubectl config view --minify shows it"
	case errors.Is(err, errNoKubernetes):
		p.What, p.Next = errNoKubernetes.Error(), "check the address of the cluster's entry in the kubeconfig"
	}
	return p
}

// where names the cluster that was asked.
func (c *Client) where() string {
	if c.Context == "" {
		return c.Server
	}
	return c.Server + " (context " + c.Context + ")"
}

// clientCertificate returns when the certificate that the client shows expires; false when it shows none.
func (c *Client) clientCertificate() (notAfter time.Time, ok bool) {
	t, err := tlsConfigOf(c.config)
	if err != nil || t == nil {
		return time.Time{}, false
	}
	block, _ := pem.Decode(t)
	if block == nil {
		return time.Time{}, false
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return time.Time{}, false
	}
	return cert.NotAfter, true
}

func isExpired(err error) bool {
	bad, ok := errors.AsType[x509.CertificateInvalidError](err)
	return ok && bad.Reason == x509.Expired
}

// isAlert reports whether the server ended the TLS handshake because of the client's certificate.
func isAlert(err error) bool {
	alert, ok := errors.AsType[tls.AlertError](err)
	return ok && strings.Contains(alert.Error(), "certificate")
}

// anonymous reports whether the server took whoever asks for nobody.
func anonymous(err error) bool {
	return apierrors.IsForbidden(err) && strings.Contains(err.Error(), `"system:anonymous"`)
}

// brokenOff reports whether an error comes from the connection, not from the API server: asking again may help.
func brokenOff(err error) bool {
	if s := apierrors.APIStatus(nil); errors.As(err, &s) {
		return apierrors.IsInternalError(err) || apierrors.IsServiceUnavailable(err) || apierrors.IsServerTimeout(err)
	}
	if _, ok := errors.AsType[net.Error](err); ok || errors.Is(err, errSilent) {
		return true
	}
	_, syntax := errors.AsType[*json.SyntaxError](err)
	return !syntax && (errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) || strings.Contains(err.Error(), "http2:") || strings.Contains(err.Error(), "connection"))
}

// reason is the part of an error that says why, without the request that it was about.
func reason(err error) string {
	if s := apierrors.APIStatus(nil); errors.As(err, &s) {
		return s.Status().Message
	}
	if u, ok := errors.AsType[*url.Error](err); ok {
		err = u.Err
	}
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return "the connection was closed in the middle of the answer"
	}
	return strings.ReplaceAll(err.Error(), "\n", " ")
}

// noNamespace says that a namespace is not there, and which one was meant.
func (c *Client) noNamespace(ctx context.Context, name string) error {
	p := &problem.Problem{What: fmt.Sprintf("there is no namespace %q", name), Where: c.where(), Next: "kubectl get namespaces shows which there are"}
	raw, err := c.get(ctx, "/api/v1/namespaces", "application/json")
	var list struct {
		Items []struct {
			Metadata struct {
				Name string `json:"name"`
			} `json:"metadata"`
		} `json:"items"`
	}
	if err == nil && json.Unmarshal(raw, &list) == nil {
		var names []string
		for _, ns := range list.Items {
			names = append(names, ns.Metadata.Name)
		}
		if near := spell.Nearest(name, names, 3); near != "" {
			p.Next = "did you mean -n " + near + "?"
		}
	}
	return p
}

// StateOf says what an error of the API server means for what was asked for, and what the server said.
func StateOf(err error) (cluster.State, string) {
	switch {
	case apierrors.IsForbidden(err):
		return cluster.Forbidden, reason(err)
	case apierrors.IsNotFound(err), apierrors.IsMethodNotSupported(err):
		return cluster.NotServed, reason(err)
	}
	return cluster.Failed, reason(err)
}
