import numpy as np
import pytest
import scipy.stats

from keras_ot_gans.callbacks import density_picture
from keras_ot_gans.callbacks.density_pictures import kernel_density, limits


def blue(picture):
    red, green, b = picture.astype(int).transpose(2, 0, 1)
    return (b > red + 60) & (b > green + 30)


def test_kernel_density_equals_scipy(rng):
    points, grid = rng.normal(size=2500), np.linspace(-3, 3, 20)
    reference = scipy.stats.gaussian_kde(points)
    bandwidth = float(np.sqrt(reference.covariance[0, 0]))
    # Sums in another order.
    np.testing.assert_allclose(kernel_density(points, grid, bandwidth), reference(grid), rtol=1e-10)


def test_limits_come_from_the_real_data_and_are_square():
    bounds = limits(np.array([[0.0, -1.0], [2.0, 0.0]]))
    np.testing.assert_allclose(bounds, [[-0.3, 2.3], [-1.8, 0.8]], rtol=1e-12)
    assert np.diff(limits(np.zeros((3, 2))))[0, 0] > 0  # a single point has an extent


def test_generated_points_stand_where_they_are(rng):
    # Real data on the unit square's corners fix the limits; all samples in one quadrant.
    real = rng.choice([-1.0, 1.0], size=(500, 2))
    fake = np.array([0.5, 0.5]) + 0.05 * rng.normal(size=(300, 2))
    rows, columns = np.nonzero(blue(density_picture(real, fake))[40:440, 50:])
    assert columns.mean() > 215 and rows.mean() < 200  # right and above the middle


def test_same_limits_whatever_is_generated(rng):
    real = rng.normal(size=(400, 2))
    near, far = density_picture(real, real[:1]), density_picture(real, real[:1] + 100)
    assert near.shape == far.shape
    frame = slice(30, 440), slice(0, 40)  # the y-axis with its numbers
    np.testing.assert_array_equal(near[frame], far[frame])


@pytest.mark.parametrize("shape", [(200,), (200, 1), (200, 2)])
def test_pictures_show_both_colours(shape, rng):
    real = rng.normal(size=shape)
    picture = density_picture(real, real + 0.5, title="step 10")
    assert picture.dtype == np.uint8 and picture.shape[2] == 3
    red = (picture[..., 0].astype(int) > picture[..., 2].astype(int) + 60).sum()
    assert red > 100 and blue(picture).sum() > 100


@pytest.mark.parametrize("shape", [(50,), (50, 2)])
def test_degenerate_samples_are_drawn(shape, rng):
    density_picture(np.zeros(shape), np.zeros(shape))
    density_picture(rng.normal(size=shape), np.full(shape, 1e6))


def test_bad_input_is_named():
    good = np.zeros((5, 2))
    with pytest.raises(ValueError, match="`real` must be points on the line or the plane"):
        density_picture(np.zeros((5, 3)), good)
    with pytest.raises(ValueError, match="same dimension"):
        density_picture(good, np.zeros(5))
    with pytest.raises(ValueError, match="`fake` must be finite"):
        density_picture(good, np.full((5, 2), np.nan))
