//! The client-side rate limiter of the SDKs' `adaptive` mode (botocore 1.44.5, retries/adaptive.py, throttling.py,
//! bucket.py).
//!
//! The limiter is off until the first throttle. From then on each attempt takes one token of a bucket whose rate
//! follows the answers: a throttle cuts it to 0.7 of the measured rate, any other answer lets it grow along the cubic
//! `0.4 (dt - k)³ + w_max`, never above twice the measured rate.

/// The factor by which a throttle multiplies the rate.
const BETA: f64 = 0.7;
/// The coefficient of the cubic by which the rate grows \[1/s⁴\].
const SCALE: f64 = 0.4;
/// The weight of the newest half-second in the measured rate.
const SMOOTHING: f64 = 0.8;
/// The time over which the rate is measured \[s\].
const MEASURED_OVER: f64 = 0.5;
/// The least rate at which the bucket is filled \[1/s\].
const LEAST_RATE: f64 = 0.5;
/// The highest rate, as a multiple of the measured rate.
const HEADROOM: f64 = 2.0;

/// The rate limiter of one client process. Times are seconds since t = 0.
#[derive(Debug, Clone, PartialEq)]
pub struct RateLimiter {
    enabled: bool,
    /// The smoothed rate of answers \[1/s\].
    measured: f64,
    counted: f64,
    /// The start of the half-second that is being counted \[s\].
    bucket: f64,
    /// The rate at the last throttle \[1/s\], when that was \[s\], and how long the cubic takes to get back to it \[s\].
    w_max: f64,
    last_throttle: f64,
    k: f64,
    fill_rate: f64,
    capacity: f64,
    tokens: f64,
    /// The time at which the tokens were last counted \[s\]; `None`: never.
    filled: Option<f64>,
}

impl Default for RateLimiter {
    fn default() -> Self {
        Self {
            enabled: false,
            measured: 0.0,
            counted: 0.0,
            bucket: 0.0,
            w_max: 0.0,
            last_throttle: 0.0,
            k: 0.0,
            fill_rate: 1.0,
            capacity: 1.0,
            tokens: 0.0,
            filled: None,
        }
    }
}

impl RateLimiter {
    /// Takes a token for an attempt.
    ///
    /// # Errors
    /// Returns the time until there is a token, if there is none yet \[s\].
    pub fn take(&mut self, now: f64) -> Result<(), f64> {
        if !self.enabled {
            return Ok(());
        }
        self.fill(now);
        if self.tokens < 1.0 {
            return Err((1.0 - self.tokens) / self.fill_rate);
        }
        self.tokens -= 1.0;
        Ok(())
    }

    /// Adjusts the rate to the end of an attempt, in a throttle or otherwise.
    pub fn answer(&mut self, now: f64, throttled: bool) {
        self.measure(now);
        let rate = if throttled {
            let rate = if self.enabled { self.measured.min(self.fill_rate) } else { self.measured };
            self.enabled = true;
            self.w_max = rate;
            self.k = libm::cbrt(rate * (1.0 - BETA) / SCALE);
            self.last_throttle = now;
            BETA * rate
        } else {
            let x = now - self.last_throttle - self.k;
            SCALE * x * x * x + self.w_max
        };
        let rate = rate.min(HEADROOM * self.measured);
        self.fill(now);
        self.fill_rate = rate.max(LEAST_RATE);
        self.capacity = rate.max(1.0);
        self.tokens = self.tokens.min(self.capacity);
    }

    fn fill(&mut self, now: f64) {
        if let Some(filled) = self.filled {
            self.tokens = (self.tokens + (now - filled) * self.fill_rate).min(self.capacity);
        }
        self.filled = Some(now);
    }

    fn measure(&mut self, now: f64) {
        self.counted += 1.0;
        let bucket = libm::floor(now / MEASURED_OVER) * MEASURED_OVER;
        if bucket > self.bucket {
            let rate = self.counted / (bucket - self.bucket);
            self.measured = SMOOTHING * rate + (1.0 - SMOOTHING) * self.measured;
            self.counted = 0.0;
            self.bucket = bucket;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(a: f64, b: f64) {
        assert!((a - b).abs() < 1e-9, "{a} for {b}");
    }

    #[test]
    fn it_sleeps_until_the_first_throttle() {
        let mut limiter = RateLimiter::default();
        for i in 0..1_000 {
            let now = f64::from(i) * 0.01;
            assert_eq!(limiter.take(now), Ok(()));
            limiter.answer(now, false);
        }
    }

    #[test]
    fn a_throttle_cuts_the_rate_and_the_cubic_brings_it_back() {
        let mut limiter = RateLimiter::default();
        // Ten answers in each half-second: 20 a second, of which 0.8 is seen after the first half-second.
        for i in 1..=10 {
            limiter.answer(f64::from(i) * 0.05, false);
        }
        near(limiter.measured, 0.8 * 20.0);
        limiter.answer(0.55, true);
        near(limiter.w_max, 16.0);
        near(limiter.fill_rate, 0.7 * 16.0);
        near(limiter.k, libm::cbrt(16.0 * 0.3 / 0.4));
        // The bucket filled at the rates before; from here on it fills at 11.2 a second.
        let tokens = limiter.tokens;
        assert!(tokens < 11.2);
        // The cubic: 0.4 (0.25 - 2.289...)³ + 16, and at most twice what is measured (2 answers so far: still 16).
        limiter.answer(0.8, false);
        let x = 0.25 - limiter.k;
        near(limiter.fill_rate, 0.4 * x * x * x + 16.0);
    }

    #[test]
    fn an_attempt_waits_for_its_token() {
        let mut limiter = RateLimiter::default();
        // Nothing measured yet: the rate falls to its floor of 0.5 a second, and the bucket holds one.
        limiter.answer(0.1, true);
        assert_eq!(limiter.fill_rate, 0.5);
        let wait = limiter.take(0.1).unwrap_err();
        near(wait, 2.0);
        assert_eq!(limiter.take(2.1), Ok(()));
        near(limiter.take(2.1).unwrap_err(), 2.0);
        // A bucket of one token holds no more, however long the silence.
        assert_eq!(limiter.take(100.0), Ok(()));
        near(limiter.take(100.0).unwrap_err(), 2.0);
    }

    #[test]
    fn a_second_throttle_goes_by_the_lesser_of_measured_and_allowed() {
        let mut limiter = RateLimiter::default();
        for i in 1..=10 {
            limiter.answer(f64::from(i) * 0.05, false);
        }
        limiter.answer(0.51, true);
        near(limiter.fill_rate, 11.2);
        // 16 measured, 11.2 allowed.
        limiter.answer(0.52, true);
        near(limiter.w_max, 11.2);
        near(limiter.fill_rate, 0.7 * 11.2);
    }
}
