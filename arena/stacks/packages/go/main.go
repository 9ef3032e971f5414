// The shop once more, in Go: who a user is, Keycloak says; a cart that Redis keeps, orders that PostgreSQL keeps.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/redis/go-redis/v9"
	"golang.org/x/oauth2"
)

type shop struct {
	cache    *redis.Client
	pool     *pgxpool.Pool
	guard    sync.Mutex
	provider *oidc.Provider
}

// Who says who a user is. Inside it is asked at another address than the one that users know it by.
func (s *shop) identity(ctx context.Context) (*oidc.Provider, error) {
	s.guard.Lock()
	defer s.guard.Unlock()
	if s.provider == nil {
		ctx = oidc.InsecureIssuerURLContext(ctx, os.Getenv("OIDC_ISSUER"))
		provider, err := oidc.NewProvider(ctx, os.Getenv("OIDC_URL"))
		if err != nil {
			return nil, fmt.Errorf("identity provider: %w", err)
		}
		s.provider = provider
	}
	return s.provider, nil
}

func settings(provider *oidc.Provider) *oauth2.Config {
	return &oauth2.Config{
		ClientID:     "shop",
		ClientSecret: os.Getenv("OIDC_CLIENT_SECRET"),
		Endpoint:     provider.Endpoint(),
		RedirectURL:  os.Getenv("PUBLIC_URL") + "/api/signed-in",
		Scopes:       []string{oidc.ScopeOpenID},
	}
}

func (s *shop) login(r *http.Request) (any, error) {
	provider, err := s.identity(r.Context())
	if err != nil {
		return nil, err
	}
	token, err := settings(provider).PasswordCredentialsToken(r.Context(), "support", os.Getenv("SUPPORT_PASSWORD"))
	if err != nil {
		return nil, fmt.Errorf("token: %w", err)
	}
	raw, _ := token.Extra("id_token").(string)
	verified, err := provider.Verifier(&oidc.Config{ClientID: "shop"}).Verify(r.Context(), raw)
	if err != nil {
		return nil, fmt.Errorf("id token: %w", err)
	}
	return map[string]string{"user": verified.Subject}, s.cache.Set(r.Context(), "session:"+verified.Subject, "1", 10*time.Minute).Err()
}

func (s *shop) cart(r *http.Request) (any, error) {
	if r.Method == http.MethodPost {
		items, err := s.cache.Incr(r.Context(), "cart").Result()
		return map[string]int64{"items": items}, err
	}
	items, err := s.cache.Get(r.Context(), "cart").Int64()
	if errors.Is(err, redis.Nil) {
		err = nil
	}
	return map[string]int64{"items": items}, err
}

func (s *shop) orders(r *http.Request) (any, error) {
	if r.Method == http.MethodPost {
		_, err := s.pool.Exec(r.Context(), "INSERT INTO orders (item) VALUES ('lamp')")
		return map[string]string{"ordered": "lamp"}, err
	}
	var count int
	err := s.pool.QueryRow(r.Context(), "SELECT count(*) FROM orders").Scan(&count)
	return map[string]int{"orders": count}, err
}

// Sends whoever wants to sign in to where that is done.
func (s *shop) signIn(w http.ResponseWriter, r *http.Request) {
	provider, err := s.identity(r.Context())
	if err != nil {
		failed(w, r, err)
		return
	}
	http.Redirect(w, r, settings(provider).AuthCodeURL("state"), http.StatusFound)
}

func failed(w http.ResponseWriter, r *http.Request, err error) {
	slog.Error("request failed", "method", r.Method, "path", r.URL.Path, "error", err)
	http.Error(w, `{"error":"internal server error"}`, http.StatusInternalServerError)
}

func answer(work func(*http.Request) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		ctx, done := context.WithTimeout(r.Context(), 6*time.Second)
		defer done()
		said, err := work(r.WithContext(ctx))
		if err != nil {
			failed(w, r, err)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(said)
	}
}

func must[T any](value T, err error) T {
	if err != nil {
		slog.Error("cannot start", "error", err)
		os.Exit(1)
	}
	return value
}

func main() {
	if os.Getenv("LOG") == "json" {
		slog.SetDefault(slog.New(slog.NewJSONHandler(os.Stdout, nil)))
	}
	s := &shop{
		cache: redis.NewClient(must(redis.ParseURL(os.Getenv("REDIS_URL")))),
		pool:  must(pgxpool.New(context.Background(), os.Getenv("DATABASE_URL"))),
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/health", answer(func(*http.Request) (any, error) { return map[string]string{"status": "up"}, nil }))
	mux.HandleFunc("/api/cart", answer(s.cart))
	mux.HandleFunc("/api/orders", answer(s.orders))
	mux.HandleFunc("/api/login", answer(s.login))
	mux.HandleFunc("/api/sign-in", s.signIn)
	server := &http.Server{Addr: ":8000", Handler: mux}
	stop, _ := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	go func() {
		<-stop.Done()
		_ = server.Shutdown(context.Background())
	}()
	slog.Info("shop listens", "address", server.Addr)
	if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		must(0, err)
	}
}
