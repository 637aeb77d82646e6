"""What a line carries while nobody speaks, synthesised: breath, tones, music, machines, a broken line."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Sound = NDArray[np.float64]
"""Full scale is 1; shape (samples,)."""

_SECONDS = 8


def breathing(rate: int) -> Sound:
    """In and out every four seconds: noise as the nose and mouth shape it."""
    breaths = np.maximum(0.0, np.sin(2 * np.pi * _times(rate) / 2)) ** 2
    return _level(_band(rate, 400, 2_200) * breaths, 0.05)


def cough(rate: int) -> Sound:
    """Three times a burst that falls off, the second sound of it weaker and longer."""
    sound = np.zeros(_SECONDS * rate)
    for start in (1.0, 1.5, 5.0):
        for delay, strength, decay in ((0.0, 1.0, 0.05), (0.12, 0.4, 0.12)):
            since = _times(rate) - start - delay
            sound += np.where(since > 0, strength * np.exp(-np.maximum(0, since) / decay), 0.0)
    return _level(sound * _band(rate, 250, 3_200), 0.06)


def keyboard(rate: int) -> Sound:
    """Seven keys a second, unevenly, each with a click down and a weaker one up."""
    source = _source()
    sound = np.zeros(_SECONDS * rate)
    for start in np.cumsum(source.exponential(1 / 7, 6 * _SECONDS)):
        for delay, strength in ((0.0, 1.0), (0.08, 0.4)):
            since = _times(rate) - start - delay
            sound += np.where(since > 0, strength * np.exp(-np.maximum(0, since) / 0.004), 0.0)
    return _level(sound * _band(rate, 1_000, 3_600), 0.02)


def fan(rate: int) -> Sound:
    """A hum of the mains with its harmonics, and air."""
    hum = sum(_tone(rate, 50 * n) / n for n in range(1, 12))
    return _level(_level(np.asarray(hum), 1.0) + _level(_band(rate, 60, 1_000), 0.7), 0.03)


def dial_tone(rate: int) -> Sound:
    return _level(_tone(rate, 425), 0.1)


def ringback(rate: int) -> Sound:
    """One second on, four off."""
    return 0.1 * _tone(rate, 425) * (_times(rate) % 5 < 1)


def busy(rate: int) -> Sound:
    """Half a second on, half a second off."""
    return 0.1 * (_tone(rate, 480) + _tone(rate, 620)) * (_times(rate) % 1 < 0.5)


def keypad(rate: int) -> Sound:
    """A number of ten digits, dialled."""
    low, high = (697, 770, 852, 941), (1_209, 1_336, 1_477)
    sound = np.zeros(_SECONDS * rate)
    for n, (row, column) in enumerate(
        zip(_source().integers(0, 4, 10), _source().integers(0, 3, 10), strict=True)
    ):
        pressed = np.abs(_times(rate) - 1 - 0.4 * n) < 0.08
        sound += 0.15 * pressed * (_tone(rate, low[row]) + _tone(rate, high[column]))
    return sound


def hold_tone(rate: int) -> Sound:
    """A beep every two seconds, as the one who waits hears it."""
    return 0.1 * _tone(rate, 1_400) * (_times(rate) % 2 < 0.3)


def hold_melody(rate: int) -> Sound:
    """Chords of a second each, with a tune of quarters above them, plucked."""
    chords = ((60, 64, 67), (57, 60, 64), (65, 69, 72), (67, 71, 74))
    tune = _source().choice([72, 74, 76, 79, 81], 4 * _SECONDS)
    times = _times(rate)
    sound = np.zeros_like(times)
    for second in range(_SECONDS):
        for key in chords[second % 4]:
            sound += _note(times - second, key)
    for quarter, key in enumerate(tune):
        sound += 1.5 * _note(times - quarter / 4, int(key))
    return _level(sound, 0.08)


def dropped_line(rate: int) -> Sound:
    """Digital silence, then the noise of a line."""
    return _level(_band(rate, 300, 3_400), 0.02) * (_times(rate) > _SECONDS / 2)


def lost_packets(rate: int) -> Sound:
    """A noisy line of which every third packet of 20 ms is lost, at random: it crackles."""
    packets = np.repeat(_source().random(50 * _SECONDS) > 1 / 3, rate // 50)
    return _level(_band(rate, 300, 3_400), 0.05) * packets


def chatter_of_a_modem(rate: int) -> Sound:
    """Two tones that alternate 50 times a second, unevenly."""
    bits = np.repeat(_source().random(50 * _SECONDS) > 0.5, rate // 50)
    return 0.1 * np.where(bits, _tone(rate, 1_300), _tone(rate, 2_100))


SOUNDS: tuple[Callable[[int], Sound], ...] = (
    breathing,
    cough,
    keyboard,
    fan,
    dial_tone,
    ringback,
    busy,
    keypad,
    hold_tone,
    hold_melody,
    dropped_line,
    lost_packets,
    chatter_of_a_modem,
)


def pcm(sound: Sound) -> bytes:
    """16 bit mono."""
    return (np.clip(sound, -1, 1) * 32_767).astype("<i2").tobytes()


def _source() -> np.random.Generator:
    return np.random.default_rng(7)


def _times(rate: int) -> Sound:
    return np.arange(_SECONDS * rate) / rate


def _tone(rate: int, frequency: float) -> Sound:
    return np.asarray(np.sin(2 * np.pi * frequency * _times(rate)))


def _note(since: Sound, key: int) -> Sound:
    """A string with six harmonics, struck at 0."""
    base = 440 * 2 ** ((key - 69) / 12)
    decay = np.where(since >= 0, np.exp(-3 * np.maximum(0, since)), 0.0)
    return np.asarray(decay * sum(np.sin(2 * np.pi * n * base * since) / n**2 for n in range(1, 7)))


def _band(rate: int, low: float, high: float) -> Sound:
    """Noise between two frequencies."""
    spectrum = np.fft.rfft(_source().standard_normal(_SECONDS * rate))
    frequencies = np.fft.rfftfreq(_SECONDS * rate, 1 / rate)
    return _level(np.fft.irfft(spectrum * ((frequencies > low) & (frequencies < high))), 1.0)


def _level(sound: Sound, level: float) -> Sound:
    """With this root mean square."""
    return np.asarray(sound * (level / np.sqrt(np.mean(np.square(sound)))))
